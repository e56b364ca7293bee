"""The threads of one worker; counts how many are busy and how many connections wait for one.

A thread whose guest waits for the answer to an outbound request does no work: for each of them a
spare thread may work instead, so that a slow upstream does not hold up other requests.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from typing import Final

from nexus.server.by_handler import ByHandler

log = logging.getLogger("nexus.server")

Task = Callable[[], None]

MOST_SPARE: Final = 128
"""Spare threads of one worker; if this many more requests wait, others wait for a thread"""


class Threads:
    """A thread pool that counts its busy threads and queued connections. Thread-safe."""

    def __init__(self, pool: Executor, count: int, most_queued: int, has_room: Task) -> None:
        """*has_room* is called when the queue is no longer full: below *most_queued* again."""
        self._pool, self._count = pool, count
        self._spare = ThreadPoolExecutor(MOST_SPARE, "nexus-spare")
        self._most_queued, self._has_room = most_queued, has_room
        self._lock = threading.Lock()  # guards the next five
        self._tasks: ByHandler[Task] = ByHandler()
        """tasks that no thread has begun; the pool is called once for each of them"""
        self._queued = 0
        """number of connections that no thread has begun to serve"""
        self._busy = 0
        """number of threads that run a task"""
        self._outside = 0
        """number of those that wait for the answer to an outbound request"""
        self._called = 0
        """number of spare threads at work, or called; up to `_outside` when it is called"""

    def serve(self, handler: str, task: Task) -> bool:
        """Let a thread run *task*, which serves a request of *handler*; return False if the pool is
        shut. The tasks of each handler are run in order, and the handlers take turns."""
        with self._lock:
            self._queued += 1

        def begin() -> None:
            with self._lock:
                self._queued -= 1
                room = self._queued == self._most_queued - 1
            if room:
                self._has_room()
            self._run(task)

        if self._submit(handler, begin):
            return True
        with self._lock:
            self._queued -= 1
        return False

    def run(self, task: Task) -> bool:
        """Let a thread run *task*; return False if the pool is shut."""
        return self._submit("", partial(self._run, task))

    def queue_is_full(self) -> bool:
        """Return whether *most_queued* connections or more wait for a thread."""
        return self._queued >= self._most_queued

    def wanted(self) -> bool:
        """Return whether a connection waits for a thread and all are busy, the caller included."""
        return self._queued > 0 and not self._may_help()

    def wait_begins(self) -> None:
        """Let a spare thread work while the calling thread waits for an upstream server."""
        with self._lock:
            self._outside += 1
        if self._tasks:
            self._call_spare()

    def wait_ends(self) -> None:
        """The calling thread works again."""
        with self._lock:
            self._outside -= 1

    def close(self) -> None:
        """End the spare threads that have no work."""
        self._spare.shutdown(wait=False)

    def _submit(self, handler: str, task: Task) -> bool:
        with self._lock:
            self._tasks.append(handler, task)
        try:
            self._pool.submit(self._take)
        except RuntimeError:  # the worker ends
            with self._lock:  # a thread may have begun it
                return not self._tasks.remove(handler, task)
        if self._outside:
            self._call_spare()
        return True

    def _take(self) -> bool:
        """Run the next task; return False if spare threads have begun all of them."""
        with self._lock:
            if not self._tasks:
                return False
            task = self._tasks.popleft()
        task()
        return True

    def _call_spare(self) -> None:
        with self._lock:
            wanted = self._called < min(self._outside, MOST_SPARE)
            self._called += wanted
        if wanted:
            try:
                self._spare.submit(self._help)
            except RuntimeError:  # the worker ends
                with self._lock:
                    self._called -= 1

    def _help(self) -> None:
        """Run tasks while threads that could run them wait."""
        try:
            while self._may_help() and self._take():
                pass
        finally:
            with self._lock:
                self._called -= 1
        if self._tasks and self._may_help():  # it came just before this thread stopped counting
            self._call_spare()

    def _may_help(self) -> bool:
        return self._busy - self._outside < self._count

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
