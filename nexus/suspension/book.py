"""This worker's suspended runs. Only one caller at a time can claim a run, to continue it."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

from nexus.errors import (
    NexusError,
    Overloaded,
    ResourceLimit,
    ShuttingDown,
    SuspensionConflict,
    SuspensionGone,
)
from nexus.model import SuspensionInfo
from nexus.suspension.agenda import Agenda
from nexus.suspension.record import Record, Suspended
from nexus.suspension.sentences import Sentences

log = logging.getLogger("nexus.suspension")

WAKE_INTERVAL_S: Final = 0.02
"""The shortest time between two continuations of one run for its timers"""
MOST_WAKING: Final = 2
"""Runs that continue for their timers at once: each needs a thread with its own loaded modules.
Others wait"""

_ANSWERED: Final = "the execution was resumed already"


class SuspensionBook:
    """Suspended runs, by the ids of their open questions. Thread-safe; its own thread ends runs
    that expire and wakes those whose timers are due."""

    def __init__(self, most: int, timeout_s: float, count: Callable[[str], None]) -> None:
        """*most*: runs suspended at once; *timeout_s*: how long a question may be open; *count* is
        called with each end of a suspension (`resumed`, `ended`, `expired`, `cancelled`,
        `shutdown`), or with `refused`."""
        self._most, self._timeout_s, self.count = most, timeout_s, count
        self._lock = threading.Lock()  # guards the fields below, and the records
        self._changed = threading.Condition(self._lock)
        """notified when a run may be due sooner than the thread knows"""
        self._freed = threading.Condition(self._lock)
        """notified when a claimed run is suspended again, or ends"""
        self._records: dict[Suspended, Record] = {}
        self._asked: dict[str, Record] = {}
        """records by the ids of open questions"""
        self._agenda = Agenda()
        """the runs that nobody has claimed"""
        self._waking = 0
        self._past = Sentences()
        """about answered questions, and those their executions did not wait for; other questions
        that are not open have expired"""
        self._sleeping = False
        """whether the thread waits without a time to wake at"""
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="nexus-suspensions", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    @property
    def timeout_s(self) -> float:
        """The longest that a question may be open."""
        return self._timeout_s

    # ---- adding -----------------------------------------------------------------------------

    def check_room(self, run: Suspended) -> None:
        """Raises: ResourceLimit if there is no room for *run*, which has a place if it was
        suspended before; ShuttingDown."""
        with self._lock:
            self._check_room(run)

    def _check_room(self, run: Suspended) -> None:
        if self._closed:
            raise ShuttingDown("this worker is shutting down")
        if run not in self._records and len(self._records) >= self._most:
            raise ResourceLimit(f"{self._most} executions are suspended already")

    def add(
        self, run: Suspended, questions: Sequence[SuspensionInfo], wake_s: float | None = None
    ) -> None:
        """Suspend *run*, which is new or was claimed, with its open *questions*; wake it in
        *wake_s* if no answer comes sooner. From now on other threads may continue or end it.

        Raises: ResourceLimit, ShuttingDown.
        """
        now = time.monotonic()
        with self._lock:
            self._check_room(run)
            record = self._records.setdefault(run, Record(run))
            for info in questions:
                if info.id not in record.questions:
                    record.questions[info.id] = info
                    record.deadlines[info.id] = now + self._timeout_s
                    self._asked[info.id] = record
            record.wakes = math.inf if wake_s is None else now + max(wake_s, WAKE_INTERVAL_S)
            self._free(record)

    # ---- continuing -------------------------------------------------------------------------

    def claim(self, suspension_id: str) -> Suspended:
        """Claim the right to answer a question; then call `continues` or `give_back`. If the run
        continues for another reason, wait until it has done that.

        Raises: SuspensionConflict if another caller has answered or answers; SuspensionGone;
            Overloaded if the run is busy for too long.
        """
        with self._lock:
            record = self._take(suspension_id)
            record.claimed, record.answering = True, suspension_id
            record.version += 1
        return record.run

    def continues(self, run: Suspended) -> None:
        """Record that a claimed run continues, with the answer it was claimed for."""
        with self._lock:
            record = self._records[run]
            answered = record.answering
            if answered:
                record.drop(answered)
                del self._asked[answered]
                self._past.note(answered, _ANSWERED)
        if answered:
            self.count("resumed")

    def give_back(self, run: Suspended, again_s: float | None = None) -> bool:
        """Return a claimed run that cannot continue now; return False if it must end instead.
        *again_s*: when to wake it again, if it was claimed for a timer."""
        with self._lock:
            record = self._records[run]
            if self._closed:
                self._forget(record)
                return False
            if again_s is not None:
                record.wakes = time.monotonic() + again_s
            self._free(record)
            return True

    def leave(self, run: Suspended) -> None:
        """Record that a run has ended; do nothing if the book has ended it."""
        with self._lock:
            record = self._records.get(run)
            if record is None:
                return
            by_timer = record.claimed and not record.answering
            late = (
                f"the execution {run.execution_id} ended without this answer; while its result is "
                f"kept, GET /v1/executions/{run.execution_id} has it"
            )
            for suspension_id in record.questions:
                self._past.note(suspension_id, late)
            self._forget(record)
        if by_timer:
            self.count("ended")

    def cancel(self, suspension_id: str) -> None:
        """End the run that has asked a question.

        Raises: as `claim` does.
        """
        with self._lock:
            record = self._take(suspension_id)
            self._forget(record)
        self._end(record, "cancelled", SuspensionGone("the suspended execution was cancelled"))

    # ---- under the lock ---------------------------------------------------------------------

    def _take(self, suspension_id: str) -> Record:
        """Return the record once nobody else has claimed it."""
        until = math.inf
        while True:
            record = self._asked.get(suspension_id)
            if record is None:
                sentence = self._past.about(suspension_id)
                if sentence is not None:
                    raise SuspensionConflict(sentence)
                raise SuspensionGone("the suspended execution is gone: it expired or was cancelled")
            if not record.claimed:
                return record
            if record.answering == suspension_id:
                raise SuspensionConflict(_ANSWERED)
            until = min(until, time.monotonic() + record.run.patience_s)
            if not self._freed.wait(max(until - time.monotonic(), 0)):
                raise Overloaded("the execution is busy with a timer or with another answer")

    def _free(self, record: Record) -> None:
        """Make *record* claimable."""
        self._unclaim(record)
        record.version += 1
        is_next = self._agenda.enter(record)
        self._agenda.tidy(len(self._records))
        if self._sleeping or is_next:
            self._changed.notify()

    def _unclaim(self, record: Record) -> None:
        if record.claimed and not record.answering:
            self._waking -= 1
        record.claimed, record.answering = False, ""
        self._freed.notify_all()

    def _forget(self, record: Record) -> None:
        self._unclaim(record)
        record.version += 1
        del self._records[record.run]
        for suspension_id in record.questions:
            del self._asked[suspension_id]
        self._agenda.tidy(len(self._records))

    # ---- contents ---------------------------------------------------------------------------

    def infos(self) -> list[SuspensionInfo]:
        """Return the open questions that nobody answers yet, the oldest first."""
        with self._lock:
            found = [info for record in self._records.values() for info in _open(record)]
        return sorted(found, key=lambda info: info.suspended_at)

    def infos_of(self, execution_id: str) -> list[SuspensionInfo]:
        """Return the open questions of one execution, the oldest first."""
        with self._lock:
            return [
                info
                for run, record in self._records.items()
                if run.execution_id == execution_id
                for info in _open(record)
            ]

    def __len__(self) -> int:
        return len(self._records)

    # ---- expiry, timers and shutdown --------------------------------------------------------

    def _work(self) -> None:
        while True:
            with self._lock:
                if self._closed:
                    return
                record = self._next_due(time.monotonic())
                if record is None:
                    next_s = self._next_in()
                    self._sleeping = next_s is None
                    self._changed.wait(next_s)
                    self._sleeping = False
                    continue
                wakes = record.claimed
            if wakes:
                record.run.wake()
            else:
                # Each run gets its own error: a raised error keeps references to its stack.
                reason = SuspensionGone(f"not resumed within {self._timeout_s:g} s")
                self._end(record, "expired", reason)

    def _next_due(self, now: float) -> Record | None:
        """Return a record that has expired, or, claimed, one whose timer is due."""
        while (record := self._agenda.take_due(now)) is not None:
            if record.expires() <= now:
                self._forget(record)
                return record
            if self._waking >= MOST_WAKING:
                record.wakes = now + WAKE_INTERVAL_S
                self._free(record)
                continue
            self._waking += 1
            record.claimed, record.answering = True, ""
            record.version += 1
            return record
        return None

    def _next_in(self) -> float | None:
        """Return the seconds until the next run is due; None without runs."""
        due = self._agenda.next_due()
        return None if due is None else max(0.0, due - time.monotonic())

    def _end(self, record: Record, outcome: str, reason: NexusError) -> None:
        self.count(outcome)
        record.run.end(reason)

    def close(self) -> None:
        """End all runs, and accept no more."""
        with self._lock:
            self._closed = True
            left = [record for record in self._records.values() if not record.claimed]
            for record in left:
                self._forget(record)
            self._changed.notify()
        for record in left:
            self._end(record, "shutdown", ShuttingDown("this worker is shutting down"))
        if self._thread.ident is not None:
            self._thread.join()


def _open(record: Record) -> list[SuspensionInfo]:
    return [info for key, info in record.questions.items() if key != record.answering]
