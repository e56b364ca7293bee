"""The slow lane: executions that take long take turns, so that short ones need not.

Every guest that runs competes for the GIL. With eight endless loops a short request would wait
for eight slices each time it needs the GIL; when the loops take turns among themselves it waits
for one. First come, first served; a turn lasts from one checkpoint to the next.
"""

from __future__ import annotations

import threading
import time
from collections import deque


class SlowLane:
    """A FIFO lock with *width* places, whose waiters give up at a deadline. Thread-safe."""

    def __init__(self, width: int = 1) -> None:
        self._lock = threading.Lock()  # guards the fields below
        self._free = width
        self._waiting: deque[threading.Lock] = deque()
        """one lock a waiter; it is released to tell that its turn has come"""

    def enter(self, deadline: float) -> bool:
        """Wait for a turn, `leave` ends it; False: *deadline* (monotonic seconds) came first."""
        with self._lock:
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
            if not self._waiting:
                self._free += 1
                return
            following = self._waiting.popleft()
        following.release()

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
                return False
        return True  # it came at the last moment
