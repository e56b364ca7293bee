"""Threads for guests that may be suspended: an instance never leaves its thread."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Final

from nexus.errors import ShuttingDown

_IDLE_S: Final = 5.0
"""A thread without a job for this long ends, with its loaded modules and idle instances"""
_MOST_IDLE: Final = 8

Job = Callable[[], None]


class _Thread:
    """One thread; `key` is that of its last job, whose module it has ready."""

    def __init__(self, key: str, stack_bytes: int) -> None:
        self.key, self.stack_bytes = key, stack_bytes
        self.jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self.thread: threading.Thread


class RunThreads:
    """A set of threads, one for each job. Thread-safe."""

    def __init__(self, stack_bytes: int, ends: Callable[[], None]) -> None:
        """*ends* is called on a thread that is about to end."""
        self._ends = ends
        self._lock = threading.Lock()  # guards these fields, and the stack size of new threads
        self._stack_bytes = stack_bytes
        self._idle: list[_Thread] = []
        self._all: set[_Thread] = set()
        self._closed = False

    def resize_stacks(self, stack_bytes: int) -> None:
        """Give new threads *stack_bytes*, and end idle ones that have less."""
        with self._lock:
            self._stack_bytes = stack_bytes
            small = [one for one in self._idle if one.stack_bytes < stack_bytes]
            self._idle = [one for one in self._idle if one.stack_bytes >= stack_bytes]
        for one in small:
            one.jobs.put(None)

    def submit(self, key: str, job: Job) -> None:
        """Run *job* on its own thread, if possible one whose last job had the same *key*.

        Raises: ShuttingDown.
        """
        with self._lock:
            if self._closed:
                raise ShuttingDown("this worker is shutting down")
            found = self._take_idle(key)
            if found is None:
                found = _Thread(key, self._stack_bytes)
                self._start(found)
            found.key = key
        found.jobs.put(job)

    def _take_idle(self, key: str) -> _Thread | None:
        if not self._idle:
            return None
        same = (n for n in range(len(self._idle) - 1, -1, -1) if self._idle[n].key == key)
        return self._idle.pop(next(same, -1))

    def _start(self, made: _Thread) -> None:
        made.thread = threading.Thread(
            target=self._work, args=(made,), name="nexus-run", daemon=True
        )
        before = threading.stack_size(made.stack_bytes)
        try:
            made.thread.start()
        except RuntimeError as error:  # the limit of the system or the pod is reached
            raise ShuttingDown(f"no thread could be started: {error}") from error
        finally:
            threading.stack_size(before)
        self._all.add(made)

    def _work(self, own: _Thread) -> None:
        try:
            job = own.jobs.get()
            while job is not None:
                job()
                job = self._next(own)
        finally:
            self._ends()
            with self._lock:
                self._all.discard(own)

    def _next(self, own: _Thread) -> Job | None:
        with self._lock:
            too_small = own.stack_bytes < self._stack_bytes
            if self._closed or too_small or len(self._idle) >= _MOST_IDLE:
                return None
            self._idle.append(own)
        try:
            return own.jobs.get(timeout=_IDLE_S)
        except queue.Empty:
            with self._lock:
                if own in self._idle:
                    self._idle.remove(own)
                    return None
        return own.jobs.get()  # `submit` took this thread at the last moment

    def count(self) -> int:
        """Return how many threads there are."""
        return len(self._all)

    def close(self, grace_s: float) -> None:
        """End all threads, and wait up to *grace_s* for each."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            left = list(self._all)
        for one in idle:
            one.jobs.put(None)
        for one in left:
            one.thread.join(grace_s)
