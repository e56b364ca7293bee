"""Threads for guests that may be suspended on them: an instance never leaves its thread."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Final

from nexus.errors import ShuttingDown

_IDLE_S: Final = 5.0
"""how long a thread without a job stays, with its loaded modules and idle instances"""
_MOST_IDLE: Final = 8

Job = Callable[[], None]


class _Thread:
    """One of them; `key` is what it did last, and so has ready."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self.thread: threading.Thread


class RunThreads:
    """As many threads as there are jobs. Thread-safe."""

    def __init__(self, stack_bytes: int, ends: Callable[[], None]) -> None:
        """*ends* is called on a thread that is going to end."""
        self._stack_bytes, self._ends = stack_bytes, ends
        self._lock = threading.Lock()  # guards what follows, and the stack size of new threads
        self._idle: list[_Thread] = []
        self._all: set[_Thread] = set()
        self._closed = False

    def submit(self, key: str, job: Job) -> None:
        """Do *job* on a thread of its own, if possible one that did one of the same *key* last.

        Raises: ShuttingDown.
        """
        with self._lock:
            if self._closed:
                raise ShuttingDown("this worker is shutting down")
            found = self._take_idle(key)
            if found is None:
                found = _Thread(key)
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
        before = threading.stack_size(self._stack_bytes)
        try:
            made.thread.start()
        except RuntimeError as error:  # the system's or the pod's limit
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
            if self._closed or len(self._idle) >= _MOST_IDLE:
                return None
            self._idle.append(own)
        try:
            return own.jobs.get(timeout=_IDLE_S)
        except queue.Empty:
            with self._lock:
                if own in self._idle:
                    self._idle.remove(own)
                    return None
        return own.jobs.get()  # somebody took it at the last moment

    def count(self) -> int:
        """How many threads there are."""
        return len(self._all)

    def close(self, grace_s: float) -> None:
        """Let all threads end, and wait for each at most *grace_s*."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            left = list(self._all)
        for one in idle:
            one.jobs.put(None)
        for one in left:
            one.thread.join(grace_s)
