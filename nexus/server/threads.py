"""The threads of one worker; counts how many are busy and how many connections wait for one."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Executor

log = logging.getLogger("nexus.server")

Task = Callable[[], None]


class Threads:
    """A thread pool that counts its busy threads and queued connections. Thread-safe."""

    def __init__(self, pool: Executor, count: int, most_queued: int, has_room: Task) -> None:
        """*has_room* is called when the queue is no longer full: below *most_queued* again."""
        self._pool, self._count = pool, count
        self._most_queued, self._has_room = most_queued, has_room
        self._lock = threading.Lock()  # guards the next two
        self._queued = 0
        """number of connections that no thread has begun to serve"""
        self._busy = 0
        """number of threads that run a task"""

    def serve(self, task: Task) -> bool:
        """Let a thread run *task*, which serves a connection; return False if the pool is shut."""
        with self._lock:
            self._queued += 1

        def begin() -> None:
            with self._lock:
                self._queued -= 1
                room = self._queued == self._most_queued - 1
            if room:
                self._has_room()
            self._run(task)

        if self._submit(begin):
            return True
        with self._lock:
            self._queued -= 1
        return False

    def run(self, task: Task) -> bool:
        """Let a thread run *task*; return False if the pool is shut."""
        return self._submit(lambda: self._run(task))

    def queue_is_full(self) -> bool:
        """Return whether *most_queued* connections or more wait for a thread."""
        return self._queued >= self._most_queued

    def wanted(self) -> bool:
        """Return whether a connection waits for a thread and all are busy, the caller included."""
        return self._queued > 0 and self._busy >= self._count

    def _submit(self, task: Task) -> bool:
        try:
            self._pool.submit(task)
        except RuntimeError:  # the worker ends
            return False
        return True

    def _run(self, task: Task) -> None:
        with self._lock:
            self._busy += 1
        try:
            task()
        except Exception:
            log.exception("a thread failed with a connection")
        finally:
            with self._lock:
                self._busy -= 1
