"""granian's threads: one leads and takes requests from granian's queue, the others wait here.

granian starts threads while requests wait, up to a number, and lets each of them take requests;
they then fight for the GIL, and four threads serve less than one. So a thread that ends a request
while another leads does not return to granian: it waits here until it must lead.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from typing import Any

from nexus.server.kept_alive import LONG_S
from nexus.server.looker import Looker

log = logging.getLogger("nexus.server")


class _Leader:
    """The time for which one thread leads."""

    __slots__ = ("since_s", "thread")

    def __init__(self, thread: int) -> None:
        self.thread = thread
        self.since_s = 0.0
        """when the request under way began (monotonic seconds); 0: no request is under way"""


class _Waiting:
    """A thread that waits for its turn."""

    __slots__ = ("thread", "turn")

    def __init__(self) -> None:
        self.thread = threading.get_ident()
        self.turn = threading.Lock()
        self.turn.acquire()


class Turns(Executor):
    """The threads of one granian. Thread-safe.

    It is an executor, too: threads that wait run its tasks, so that instances can be warmed on
    them.
    """

    def __init__(self, call_leader: Callable[[], None]) -> None:
        """*call_leader* brings the thread that waits in granian's queue into `serve`, soon."""
        self._call_leader = call_leader
        self._lock = threading.Lock()  # guards the fields below, but `looker`
        self._leader: _Leader | None = None
        self._waiting: list[_Waiting] = []
        self._tasks: deque[Callable[[], None]] = deque()
        self._threads: set[int] = set()
        """identifiers of all threads that were here"""
        self._gathers = True
        """whether no thread may lead, because the worker gathers granian's threads"""
        self._closed = False
        self.looker = Looker(self._look)

    def __len__(self) -> int:
        """Return how many of granian's threads have been here."""
        return len(self._threads)

    def serve(self, request: Callable[[], None], *, returns: bool = False) -> None:
        """Run *request* on the calling thread, one of granian's; return once the thread leads.

        *returns*: return at once, so that granian drops the request: while it has one whose body
        was not read, the connection stays open.
        """
        thread = threading.get_ident()
        now = time.monotonic()
        with self._lock:
            leader = self._leader
            if leader is None and not self._gathers:
                leader = self._leader = _Leader(thread)
            if leader is not None and leader.thread == thread:
                leader.since_s = now
            else:
                self._threads.add(thread)
        if self.looker.sleeps:
            self.looker.wake()
        try:
            request()
        except BaseException:  # also SystemExit: granian cannot take an exception
            log.exception("a request failed in the server")
        with self._lock:
            if leader is not None and self._leader is leader and leader.thread == thread:
                leader.since_s = 0.0
                if returns or not self._tasks:
                    return
                self._leader = None
        if not returns:
            self._wait_turn()

    def before_wait(self) -> None:
        """Let another thread lead if the caller leads: the caller is about to block."""
        leader = self._leader
        if leader is None or leader.thread != threading.get_ident() or not leader.since_s:
            return
        with self._lock:
            if self._leader is leader:
                self._hand_over()

    def lead(self) -> None:
        """Let a thread lead from now on: granian's threads have been gathered."""
        with self._lock:
            self._gathers = False
            self._threads.clear()
            if self._leader is None:
                self._hand_over()

    def close(self) -> None:
        """Let all threads return to granian, for good; queued tasks do not run."""
        with self._lock:
            self._closed = True
            self._tasks.clear()
            waiting, self._waiting = self._waiting, []
        for each in waiting:
            each.turn.release()
        self.looker.stop()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run a task on a thread that waits.

        Raises: RuntimeError if the threads have ended.
        """
        future: Future[Any] = Future()
        with self._lock:
            if self._closed:
                raise RuntimeError("the worker ends")
            self._tasks.append(partial(_run, future, partial(fn, *args, **kwargs)))
            found = self._waiting.pop() if self._waiting else None
        if found is not None:
            found.turn.release()
        else:
            self._call_leader()  # the only thread that is free may be the one in granian's queue
        return future

    def _wait_turn(self) -> None:
        """Run tasks, and wait, until the calling thread leads."""
        while True:
            with self._lock:
                if self._closed:
                    return
                task = self._tasks.popleft() if self._tasks else None
                if task is None:
                    leader = self._leader
                    if leader is None and not self._gathers:
                        self._leader = _Leader(threading.get_ident())
                        return
                    if leader is not None and leader.thread == threading.get_ident():
                        return
                    me = _Waiting()
                    self._waiting.append(me)
            if task is None:
                me.turn.acquire()
            else:
                task()

    def _hand_over(self) -> None:
        """Let a thread that waits lead. Under the lock. If all are busy, the next that ends its
        request will lead."""
        if self._waiting:
            found = self._waiting.pop()
            self._leader = _Leader(found.thread)
            found.turn.release()
        else:
            self._leader = None

    def _look(self) -> bool:
        """Appoint another leader if a request is slow; return whether one is under way."""
        with self._lock:
            leader = self._leader
            since_s = 0.0 if leader is None else leader.since_s
            if since_s and time.monotonic() - since_s >= LONG_S:
                self._hand_over()
        return bool(since_s)


def _run(future: Future[Any], call: Callable[[], Any]) -> None:
    try:
        future.set_result(call())
    except BaseException as error:
        future.set_exception(error)
