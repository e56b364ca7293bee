"""The slow lane: executions that take long take turns, so that short ones need not.

Every guest that runs competes for the GIL. With eight endless loops a short request would wait
for eight slices each time it needs the GIL; when the loops take turns among themselves it waits
for one. A turn lasts from one checkpoint to the next. The next goes to the handler that had least
for its weight (as in Linux's CFS, https://docs.kernel.org/scheduler/sched-design-CFS.html), first
come, first served among its executions. Before each turn there is a moment for short requests: one
needs the GIL some four times, and would wait for a slice each time.
"""

from __future__ import annotations

import itertools
import math
import sys
import threading
import time
from collections.abc import Callable

from nexus.run.shares import Share

IDLE_INTERVAL_S = 0.005
"""Python's own switch interval: how long a thread waits before it asks another for the GIL"""
BUSY_INTERVAL_S = 0.0005
"""while there are long executions. With two endless loops in a worker, p99 of others was 43 ms at
5 ms, 11 ms at this (fact 8). Always at this, threads that are about to be done anyway lose
the GIL half-way: on eight threads a warm handler served an eighth fewer requests"""
GIVE_WAY_S = 0.003
"""how long at most a turn waits for short requests to be answered. Each turn delays those that are
under way, so more must pass between turns than are delayed: at 1 ms the median beside two loops was
0.3 ms above that without, now it is 0.1 ms. Under a flood of short requests long executions still
have an eighth of a core (`python -m bench.beside`)"""
QUIET_S = 0.0003
"""how long ago the last short one must have been answered: its client may be about to ask again,
and would find the GIL taken for a slice"""

SHORT_S = 0.005
"""after which a request is no reason to wait any more: it waits itself, for a client's body, in the
queue, or because of its handler's limit"""


class _Waiter:
    """One execution that waits for its turn."""

    __slots__ = ("order", "share", "turn")

    def __init__(self, share: Share, order: int) -> None:
        self.share, self.order = share, order
        self.turn = threading.Lock()  # released to tell that its turn has come
        self.turn.acquire()


class SlowLane:
    """A fair lock with *width* places, whose waiters give up at a deadline. Thread-safe.

    While anybody is in it or waits, Python's switch interval is short.
    """

    def __init__(self, width: int = 1) -> None:
        self._lock = threading.Lock()  # guards what follows, the shares' own, the switch interval
        self._long = 0
        """executions that have a turn or wait for one"""
        self._free = width
        self._waiting: list[_Waiter] = []
        self._order = itertools.count()
        self._reached_s = 0.0
        """virtual time of whoever got the last turn: newcomers start from there"""
        self._short = 0
        """requests under way that are not long"""
        self._begun_s = 0.0
        """when the last of them began"""
        self._ended_s = 0.0
        """when the last request was answered"""
        self._calm = threading.Condition(self._lock)
        """notified when `_short` comes down to nothing while a turn waits for that"""
        self._yielding = 0
        self.before_wait: Callable[[], None] = lambda: None
        """called on the thread of a request that will not be answered soon: it is going to wait, or
        has turned out to be long"""

    def request_begins(self) -> None:
        """A request came, which counts as short until its execution enters the lane."""
        with self._lock:
            self._short += 1
            self._begun_s = time.monotonic()

    def request_ends(self) -> None:
        """It was answered."""
        with self._lock:
            self._short -= 1
            self._ended_s = time.monotonic()
            if self._yielding and self._short <= 0:
                self._calm.notify_all()

    def enter(self, share: Share, deadline: float) -> bool:
        """Wait for a turn, `leave` ends it; False: *deadline* (monotonic seconds) came first."""
        self.before_wait()
        with self._lock:
            self._join(share)
            if self._free:
                self._free -= 1
                self._let_short_pass()
                return True
            waiter = self._queue(share)
        return self._wait(waiter, deadline)

    def pass_on(self, share: Share, used_s: float, deadline: float) -> bool:
        """End a turn that took *used_s* of CPU, and wait for the next if it is another's; as
        `enter`."""
        with self._lock:
            share.virtual_s += used_s / share.weight
            if not self._waiting:
                self._let_short_pass()
                return True
            waiter = self._queue(share)
            following = self._choose()
            if following is waiter:
                self._let_short_pass()
                return True
        following.turn.release()
        return self._wait(waiter, deadline)

    def leave(self, share: Share, used_s: float) -> None:
        """End a turn that took *used_s* of CPU."""
        with self._lock:
            share.virtual_s += used_s / share.weight
            self._part(share)
            if not self._waiting:
                self._free += 1
                return
            following = self._choose()
        following.turn.release()

    # ---- under the lock ---------------------------------------------------------------------

    def _join(self, share: Share) -> None:
        if not share.members:  # what it did not use while it was away is lost
            share.virtual_s = max(share.virtual_s, self._reached_s)
        share.members += 1
        self._long += 1
        self._short -= 1
        if self._long == 1:
            sys.setswitchinterval(BUSY_INTERVAL_S)

    def _part(self, share: Share) -> None:
        share.members -= 1
        self._long -= 1
        self._short += 1
        if not self._long:
            sys.setswitchinterval(IDLE_INTERVAL_S)

    def _queue(self, share: Share) -> _Waiter:
        waiter = _Waiter(share, next(self._order))
        self._waiting.append(waiter)
        return waiter

    def _choose(self) -> _Waiter:
        chosen = min(self._waiting, key=lambda waiter: (waiter.share.virtual_s, waiter.order))
        self._waiting.remove(chosen)
        self._reached_s = max(self._reached_s, chosen.share.virtual_s)
        return chosen

    def _let_short_pass(self) -> None:
        """Before a turn begins, wait a moment for short requests that are under way or follow."""
        now = time.monotonic()
        latest = now + GIVE_WAY_S
        self._yielding += 1
        while (until := min(latest, self._calm_from(now))) > now:
            self._calm.wait(until - now)
            now = time.monotonic()
        self._yielding -= 1

    def _calm_from(self, now: float) -> float:
        """When a turn may begin, if nothing else happens."""
        if self._short > 0 and now - self._begun_s < SHORT_S:
            return math.inf
        return self._ended_s + QUIET_S

    # ---- outside it -------------------------------------------------------------------------

    def _wait(self, waiter: _Waiter, deadline: float) -> bool:
        in_time = waiter.turn.acquire(timeout=max(deadline - time.monotonic(), 0.0))
        with self._lock:
            if in_time:
                self._let_short_pass()
                return True
            if waiter in self._waiting:
                self._waiting.remove(waiter)
                self._part(waiter.share)
                return False
        return True  # its turn came at the last moment
