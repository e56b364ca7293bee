"""The watchdog: a thread with a heap of deadlines (after psycopg_pool's scheduler).

It only sets a flag; the guest sees it at its next metering checkpoint. An execution still under way
long after its cancel no longer reaches checkpoints, which metering should make impossible: then
`stuck` becomes true, readiness fails, and a timer in C ends the process. While something holds the
GIL no Python thread can run, so that timer is always armed, and this thread keeps postponing it.
"""

from __future__ import annotations

import faulthandler
import heapq
import itertools
import logging
import threading
import time
from typing import Protocol

log = logging.getLogger("nexus.watchdog")

_COMPACT_ABOVE = 64
"""Ended watches stay in the heap until they are over half of it and more than this many"""


class Cancellable(Protocol):
    """A run that the watchdog can cancel."""

    execution_id: str
    deadline: float

    def cancel(self) -> None:
        """Ask the run to stop. Called on the watchdog's thread; must not block or raise."""
        ...


class Watch:
    """One run being watched, from `Watchdog.watch` to `Watchdog.unwatch`."""

    __slots__ = ("cancelled", "ended", "late_since", "run")

    def __init__(self, run: Cancellable) -> None:
        self.run = run
        self.ended = False
        self.cancelled = False
        self.late_since = float("inf")
        """when it was cancelled; the deadline may have passed before the watch began"""


class Watchdog:
    """Cancels runs at their deadline. Thread-safe; one per process."""

    def __init__(self, stuck_after_s: float, *, stuck_log: int | None = None) -> None:
        """*stuck_after_s*: a run this long past its deadline counts as stuck.
        *stuck_log*: a file descriptor; if given, faulthandler's timer is armed. Once a run is
        stuck, or the GIL is held for one to two times *stuck_after_s*, it writes all threads'
        stacks there and ends the process, from C."""
        self._stuck_after_s = stuck_after_s
        self._stuck_log = stuck_log
        self._beat_s = float("inf") if stuck_log is None else stuck_after_s / 2
        """the longest time between two postponements of the timer"""
        self._lock = threading.Lock()  # guards the fields below
        self._changed = threading.Condition(self._lock)
        self._heap: list[tuple[float, int, Watch]] = []
        self._ended = 0
        self._wakes_at = float("inf")
        self._late: set[Watch] = set()
        self._ends_at = float("inf")
        """when the timer ends the process"""
        self._closed = False
        self._order = itertools.count()
        self._cancels = 0
        self._thread = threading.Thread(target=self._work, name="nexus-watchdog", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def close(self) -> None:
        """Stop the thread; runs under way are no longer watched."""
        with self._lock:
            self._closed = True
            self._changed.notify()
        if self._thread.ident is not None:
            self._thread.join()
        if self._stuck_log is not None:
            faulthandler.cancel_dump_traceback_later()

    def watch(self, run: Cancellable) -> Watch:
        """Cancel *run* at its deadline unless `unwatch` comes first. The run may move its
        deadline to a later time meanwhile."""
        watch = Watch(run)
        with self._lock:
            heapq.heappush(self._heap, (run.deadline, next(self._order), watch))
            if run.deadline < self._wakes_at:
                self._changed.notify()
        return watch

    def unwatch(self, watch: Watch) -> None:
        """End the watch; from now on the watchdog does not cancel the run."""
        with self._lock:
            watch.ended = True
            if watch.cancelled:
                self._late.discard(watch)
                self._arm(time.monotonic())
                return
            self._ended += 1
            if self._ended > _COMPACT_ABOVE and self._ended * 2 > len(self._heap):
                self._heap = [entry for entry in self._heap if not entry[2].ended]
                heapq.heapify(self._heap)
                self._ended = 0

    @property
    def stuck(self) -> bool:
        """True once a run has continued for longer than *stuck_after_s* after its cancel."""
        now = time.monotonic()
        with self._lock:
            return any(now > watch.late_since + self._stuck_after_s for watch in self._late)

    @property
    def cancels(self) -> int:
        """The number of runs cancelled since the start."""
        return self._cancels

    def _work(self) -> None:
        while True:
            with self._lock:
                if self._closed:
                    return
                now = time.monotonic()
                due = self._take_due(now)
                self._arm(now)
                if not due:
                    next_deadline = self._heap[0][0] if self._heap else float("inf")
                    self._wakes_at = min(next_deadline, now + self._beat_s)
                    forever = self._wakes_at == float("inf")
                    self._changed.wait(None if forever else self._wakes_at - now)
                    self._wakes_at = float("-inf")
            for watch in due:
                log.debug("cancelled %s at its deadline", watch.run.execution_id)

    def _take_due(self, now: float) -> list[Watch]:
        """Cancel the runs that are due, under the lock: after `unwatch` no flag can be set."""
        due = []
        while self._heap and (self._heap[0][0] <= now or self._heap[0][2].ended):
            watch = heapq.heappop(self._heap)[2]
            if watch.ended:
                self._ended -= 1
                continue
            if watch.run.deadline > now:  # its clock stood still for a while
                heapq.heappush(self._heap, (watch.run.deadline, next(self._order), watch))
                continue
            watch.cancelled, watch.late_since = True, now
            watch.run.cancel()
            self._cancels += 1
            self._late.add(watch)
            due.append(watch)
        return due

    def _arm(self, now: float) -> None:
        """Under the lock: set the timer to when the longest-late run becomes stuck; without late
        runs, to well after this thread's next turn."""
        if self._stuck_log is None or self._closed:
            return
        if self._late:
            ends_at = min(watch.late_since for watch in self._late) + self._stuck_after_s
        else:
            ends_at = now + 2 * self._stuck_after_s
            if 0 <= ends_at - self._ends_at < self._beat_s:
                return  # the timer was set a moment ago
        if ends_at != self._ends_at:
            self._ends_at = ends_at
            left_s = max(ends_at - now, 0.001)
            faulthandler.dump_traceback_later(left_s, exit=True, file=self._stuck_log)
