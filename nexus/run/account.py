"""One execution's side of CPU control, from start to end: its limit, and its turns."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from nexus.run.lane import SlowLane
from nexus.run.shares import Share

LONG_AFTER_S = 0.002
"""An execution is long once it has used this much CPU time: from then on it takes turns"""


class CpuAccount:
    """The `CpuControl` of one execution; used by its thread only."""

    __slots__ = (
        *("_back_s", "_in_lane", "_lane", "_owed_s", "_seen_s", "_share"),
        "throttled_s",
    )

    def __init__(self, lane: SlowLane, share: Share) -> None:
        self._lane, self._share = lane, share
        self._in_lane = False
        self._seen_s = 0.0
        """CPU time charged so far"""
        self._back_s = -math.inf
        """CPU time used when the guest came back; infinite until the next checkpoint"""
        self._owed_s = 0.0
        """CPU time of the turn under way that its share has yet to pay"""
        self.throttled_s = 0.0
        """wall time spent waiting because of the handler's limit"""

    def start(self, deadline: float) -> bool:
        """Wait until the handler is within its CPU limit; return False if *deadline* came first."""
        return self._share.bucket is None or self._keep_limit(0.0, deadline)

    def checkpoint(self, cpu_s: float, deadline: float) -> bool:
        """Charge CPU time up to *cpu_s*, the execution's total so far, and wait for its next turn.
        Return False if *deadline* (monotonic seconds) came first."""
        used_s, self._seen_s = cpu_s - self._seen_s, cpu_s
        if self._share.bucket is not None and not self._keep_limit(used_s, deadline):
            return False
        if self._in_lane:
            self._owed_s += used_s
            self._back_s = min(self._back_s, cpu_s)
            if cpu_s - self._back_s < LONG_AFTER_S:
                return True
            self._in_lane = self._lane.pass_on(self._share, self._owed(), deadline)
        elif cpu_s > LONG_AFTER_S:
            self._in_lane = self._lane.enter(self._share, deadline)
        else:
            return True
        return self._in_lane

    def give_way(self) -> None:
        """End a turn: the host is about to block on the guest's behalf."""
        self._lane.before_wait()
        if self._in_lane:
            self._in_lane = False
            self._lane.leave(self._share, self._owed())

    def go_out(self) -> None:
        """Let others run while the guest waits for the network, and count as short no more."""
        self.give_way()
        self._lane.goes_out()

    def come_back(self, deadline: float) -> bool:
        """Wait for a turn, like a long execution: of many whose answers came at once each would
        take the GIL from all others. Keep it for as long as short ones may run, since most end or
        wait again by then. Return False if *deadline* (monotonic seconds) came first."""
        self._back_s = math.inf
        self._in_lane = self._lane.enter(self._share, deadline, returns=True)
        return self._in_lane

    def end(self, cpu_s: Callable[[], float]) -> None:
        """Charge the rest, up to the total that *cpu_s* returns, and end a turn."""
        bucket = self._share.bucket
        if bucket is None and not self._in_lane:
            return  # the common case; reading the thread's CPU clock costs a system call
        total_s = cpu_s()
        used_s, self._seen_s = total_s - self._seen_s, total_s
        if bucket is not None:
            bucket.take(used_s, time.monotonic())
        if self._in_lane:
            self._in_lane = False
            self._lane.leave(self._share, self._owed() + used_s)

    def _owed(self) -> float:
        owed_s, self._owed_s = self._owed_s, 0.0
        return owed_s

    def _keep_limit(self, used_s: float, deadline: float) -> bool:
        bucket = self._share.bucket
        assert bucket is not None  # the callers checked
        now = time.monotonic()
        wait_s = bucket.take(used_s, now)
        if wait_s <= 0:
            return True
        self.give_way()
        time.sleep(max(min(wait_s, deadline - now), 0.0))  # without the GIL
        woken = time.monotonic()
        self.throttled_s += woken - now
        return woken < deadline
