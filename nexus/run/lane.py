"""The slow lane: long executions take turns, so that short ones need not wait for them.

Running guests compete for the GIL. With eight endless loops, a short request would wait for eight
slices each time it needs the GIL; when the loops take turns, it waits for one. A turn lasts from
one checkpoint to the next. The next turn goes to the handler that has used the least CPU for its
weight (like Linux's CFS, https://docs.kernel.org/scheduler/sched-design-CFS.html); its executions
are served in order of arrival. Before each turn the lane pauses for short requests: each needs the
GIL about four times, and would wait for a slice each time.
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
"""Python's default switch interval: how long a thread waits before it asks another for the GIL"""
BUSY_INTERVAL_S = 0.0005
"""The switch interval while there are long executions. With two endless loops in a worker, p99 of
other requests was 43 ms at 5 ms, and 11 ms at this (fact 8). It is not used all the time: threads
that are almost done would lose the GIL, and eight threads served an eighth fewer warm requests"""
GIVE_WAY_S = 0.003
"""The longest that a turn waits for short requests to be answered. Each turn delays the requests
under way, so more of them must finish between turns than one turn delays: at 1 ms the median beside
two loops was 0.3 ms higher than without loops, at this 0.1 ms. Under a flood of short requests long
executions still get an eighth of a core (`python -m bench.beside`)"""
QUIET_S = 0.0003
"""A turn begins no sooner than this after the last short answer: that client may ask again at once,
and would find the GIL taken for a slice"""

SHORT_S = 0.005
"""A turn does not wait for a request older than this: that request is itself waiting for a client's
body, in the queue, or because of its handler's limit"""


class _Waiter:
    """One execution waiting for its turn."""

    __slots__ = ("order", "share", "turn")

    def __init__(self, share: Share, order: int) -> None:
        self.share, self.order = share, order
        self.turn = threading.Lock()  # released when its turn comes
        self.turn.acquire()


class SlowLane:
    """A fair lock with *width* places, whose waiters give up at a deadline. Thread-safe.

    While an execution is in it or waits, Python's switch interval is short.
    """

    def __init__(self, width: int = 1) -> None:
        self._lock = threading.Lock()  # guards these fields, the shares' and the switch interval
        self._long = 0
        """executions that have a turn or wait for a turn"""
        self._free = width
        self._waiting: list[_Waiter] = []
        self._order = itertools.count()
        self._reached_s = 0.0
        """virtual time of the share that got the last turn; new shares start from there"""
        self._short = 0
        """unanswered requests that are not long"""
        self._begun_s = 0.0
        """when the latest short request began"""
        self._ended_s = 0.0
        """when the latest short request was answered"""
        self._calm = threading.Condition(self._lock)
        """notified when `_short` reaches zero while a turn waits for that"""
        self._yielding = 0
        self.before_wait: Callable[[], None] = lambda: None
        """called on a request's own thread just before it blocks, or once it proves long"""

    def request_begins(self) -> None:
        """Count a new request as short until its execution enters the lane."""
        with self._lock:
            self._short += 1
            self._begun_s = time.monotonic()

    def request_ends(self) -> None:
        """Count a request as answered."""
        with self._lock:
            self._short -= 1
            self._ended_s = time.monotonic()
            self._note_calm()

    def goes_out(self) -> None:
        """Count an execution that waits for the network as short no more."""
        with self._lock:
            self._short -= 1
            self._note_calm()

    def enter(self, share: Share, deadline: float, *, returns: bool = False) -> bool:
        """Wait for a turn, which `leave` ends; return False if *deadline* came first.

        *returns*: the execution comes back, after `goes_out`.
        """
        self.before_wait()
        with self._lock:
            self._short += returns
            self._join(share)
            if self._free:
                self._free -= 1
                self._let_short_pass()
                return True
            waiter = self._queue(share)
        return self._wait(waiter, deadline)

    def pass_on(self, share: Share, used_s: float, deadline: float) -> bool:
        """End a turn that took *used_s* of CPU; if another share has the next turn, wait like
        `enter`. Return like `enter`."""
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

    def _note_calm(self) -> None:
        if self._yielding and self._short <= 0:
            self._calm.notify_all()

    def _join(self, share: Share) -> None:
        if not share.members:  # its unused time does not accumulate while it is away
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
        """Before a turn begins, pause for short requests that are under way or about to come."""
        now = time.monotonic()
        latest = now + GIVE_WAY_S
        self._yielding += 1
        while (until := min(latest, self._calm_from(now))) > now:
            self._calm.wait(until - now)
            now = time.monotonic()
        self._yielding -= 1

    def _calm_from(self, now: float) -> float:
        """Return when a turn may begin, if nothing else happens."""
        if self._short > 0 and now - self._begun_s < SHORT_S:
            return math.inf
        return self._ended_s + QUIET_S

    # ---- outside the lock -------------------------------------------------------------------

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
