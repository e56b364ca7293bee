"""This worker's suspended runs. Each suspension ends once: only one caller can claim it."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from nexus.errors import (
    NexusError,
    ResourceLimit,
    ShuttingDown,
    SuspensionConflict,
    SuspensionGone,
)
from nexus.model import ExecutionResult, ExtensionAnswer, SuspensionInfo

log = logging.getLogger("nexus.suspension")

_REMEMBERED = 10_000
"""Resumed ids remembered, to tell them from expired ones; older ones count as expired"""


class Suspended(Protocol):
    """A suspended run, which can be continued or ended, once."""

    def go_on(self, answer: ExtensionAnswer) -> ExecutionResult:
        """Continue with *answer*; return the next result. Called by the claimer."""
        ...

    def end(self, reason: NexusError) -> None:
        """End the run with *reason*. Called by the claimer; must not block."""
        ...


@dataclass
class _Entry:
    info: SuspensionInfo
    run: Suspended
    expires: float
    """monotonic seconds"""
    claimed: bool = False


class SuspensionBook:
    """Suspended runs by id. Thread-safe; its own thread ends the runs that expire."""

    def __init__(self, most: int, timeout_s: float, count: Callable[[str], None]) -> None:
        """*most*: runs suspended at once; *timeout_s*: how long each may be; *count* is called with
        each end (`resumed`, `expired`, `cancelled`, `shutdown`), or with `refused`."""
        self._most, self._timeout_s, self.count = most, timeout_s, count
        self._lock = threading.Lock()  # guards the fields below
        self._changed = threading.Condition(self._lock)
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        """in the order of expiry, as all runs may be suspended for equally long"""
        self._resumed: OrderedDict[str, None] = OrderedDict()
        self._sleeping = False
        """whether the thread waits for the first entry to expire"""
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="nexus-suspensions", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    # ---- adding -----------------------------------------------------------------------------

    def check_room(self) -> None:
        """Raises: ResourceLimit if there is no room for one more run; ShuttingDown."""
        with self._lock:
            self._check_room()

    def _check_room(self) -> None:
        if self._closed:
            raise ShuttingDown("this worker is shutting down")
        if len(self._entries) >= self._most:
            raise ResourceLimit(f"{self._most} executions are suspended already")

    def add(self, info: SuspensionInfo, run: Suspended) -> None:
        """Add *run* under `info.id`.

        Raises: ResourceLimit, ShuttingDown.
        """
        with self._lock:
            self._check_room()
            self._entries[info.id] = _Entry(info, run, time.monotonic() + self._timeout_s)
            if self._sleeping:
                self._changed.notify()

    @property
    def timeout_s(self) -> float:
        """The longest that a run may be suspended."""
        return self._timeout_s

    # ---- ending -----------------------------------------------------------------------------

    def claim(self, suspension_id: str) -> Suspended:
        """Claim the right to continue a run; then call `resumed` or `give_back`.

        Raises: SuspensionConflict if another caller claimed it first; SuspensionGone.
        """
        with self._lock:
            entry = self._find(suspension_id)
            entry.claimed = True
        return entry.run

    def resumed(self, suspension_id: str) -> None:
        """Record that a claimed run continues."""
        with self._lock:
            del self._entries[suspension_id]
            self._resumed[suspension_id] = None
            if len(self._resumed) > _REMEMBERED:
                self._resumed.popitem(last=False)
        self.count("resumed")

    def give_back(self, suspension_id: str) -> bool:
        """Return a claimed run that cannot continue now; return False if it must end instead."""
        with self._lock:
            if self._closed:
                del self._entries[suspension_id]
                return False
            self._entries[suspension_id].claimed = False
            self._changed.notify()  # it may have expired meanwhile
            return True

    def cancel(self, suspension_id: str) -> None:
        """End the run.

        Raises: as `claim` does.
        """
        with self._lock:
            entry = self._find(suspension_id)
            del self._entries[suspension_id]
        self._end(entry, "cancelled", SuspensionGone("the suspended execution was cancelled"))

    def _find(self, suspension_id: str) -> _Entry:
        entry = self._entries.get(suspension_id)
        if entry is not None and not entry.claimed:
            return entry
        if entry is not None or suspension_id in self._resumed:
            raise SuspensionConflict("the execution was resumed already")
        raise SuspensionGone("the suspended execution is gone: it expired or was cancelled")

    def _end(self, entry: _Entry, outcome: str, reason: NexusError) -> None:
        self.count(outcome)
        entry.run.end(reason)

    # ---- contents ---------------------------------------------------------------------------

    def infos(self) -> list[SuspensionInfo]:
        """Return the runs that can be resumed now, the oldest first."""
        with self._lock:
            return [entry.info for entry in self._entries.values() if not entry.claimed]

    def __len__(self) -> int:
        return len(self._entries)

    # ---- expiry and shutdown ----------------------------------------------------------------

    def _work(self) -> None:
        while True:
            with self._lock:
                if self._closed:
                    return
                due = self._take_due(time.monotonic())
                if not due:
                    next_s = self._next_in()
                    self._sleeping = next_s is None
                    self._changed.wait(next_s)
                    self._sleeping = False
            for entry in due:
                # Each run gets its own error: a raised error keeps references to its stack.
                reason = SuspensionGone(f"not resumed within {self._timeout_s:g} s")
                self._end(entry, "expired", reason)

    def _take_due(self, now: float) -> list[_Entry]:
        due = []
        for entry in self._entries.values():
            if entry.expires > now:
                break
            if not entry.claimed:
                due.append(entry)
        for entry in due:
            del self._entries[entry.info.id]
        return due

    def _next_in(self) -> float | None:
        """Return the seconds until the next run expires; None without runs."""
        for entry in self._entries.values():
            if not entry.claimed:
                return max(0.0, entry.expires - time.monotonic())
        return None

    def close(self) -> None:
        """End all runs, and accept no more."""
        with self._lock:
            self._closed = True
            left = [entry for entry in self._entries.values() if not entry.claimed]
            for entry in left:
                del self._entries[entry.info.id]
            self._changed.notify()
        for entry in left:
            self._end(entry, "shutdown", ShuttingDown("this worker is shutting down"))
        if self._thread.ident is not None:
            self._thread.join()
