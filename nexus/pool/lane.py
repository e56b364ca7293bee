"""The slow lane: executions that take long take turns, so that short ones need not.

Every guest that runs competes for the GIL. With eight endless loops a short request would wait
for eight slices each time it needs the GIL; when the loops take turns among themselves it waits
for one. First come, first served; a turn lasts from one checkpoint to the next.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import deque

IDLE_INTERVAL_S = 0.005
"""Python's own switch interval: how long a thread waits before it asks another for the GIL"""
BUSY_INTERVAL_S = 0.0005
"""while there are long executions. With two endless loops in a worker, p99 of others was 43 ms at
5 ms, 11 ms at this (DESIGN fact 8). Always at this, threads that are about to be done anyway lose
the GIL half-way: a warm handler served 0.84 of the raw callable's requests instead of 1.0
(`python -m bench.dispatch`)"""


class SlowLane:
    """A FIFO lock with *width* places, whose waiters give up at a deadline. Thread-safe.

    While anybody is in it or waits, Python's switch interval is short.
    """

    def __init__(self, width: int = 1) -> None:
        self._lock = threading.Lock()  # guards the fields below, and the switch interval
        self._long = 0
        """executions that have a turn or wait for one"""
        self._free = width
        self._waiting: deque[threading.Lock] = deque()
        """one lock a waiter; it is released to tell that its turn has come"""

    def enter(self, deadline: float) -> bool:
        """Wait for a turn, `leave` ends it; False: *deadline* (monotonic seconds) came first."""
        with self._lock:
            self._count(+1)
            if self._free:
                self._free -= 1
                return True
            turn = self._queue()
        return self._wait(turn, deadline)

    def pass_on(self, deadline: float) -> bool:
        """End a turn and wait for the next, if others wait; as `enter`."""
        if not self._waiting:  # who comes right after this look waits for the next checkpoint
            return True
        with self._lock:
            if not self._waiting:
                return True
            following = self._waiting.popleft()
            turn = self._queue()
        following.release()
        return self._wait(turn, deadline)

    def leave(self) -> None:
        """End a turn."""
        with self._lock:
            self._count(-1)
            if not self._waiting:
                self._free += 1
                return
            following = self._waiting.popleft()
        following.release()

    def _count(self, change: int) -> None:
        before, self._long = self._long, self._long + change
        if not before or not self._long:
            sys.setswitchinterval(BUSY_INTERVAL_S if self._long else IDLE_INTERVAL_S)

    def _queue(self) -> threading.Lock:
        turn = threading.Lock()
        turn.acquire()
        self._waiting.append(turn)
        return turn

    def _wait(self, turn: threading.Lock, deadline: float) -> bool:
        if turn.acquire(timeout=max(deadline - time.monotonic(), 0.0)):
            return True
        with self._lock:
            if turn in self._waiting:
                self._waiting.remove(turn)
                self._count(-1)
                return False
        return True  # it came at the last moment
