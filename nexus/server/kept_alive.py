"""Serves connections that are kept alive: in order of arrival, by one thread if requests are fast.

When many threads serve small requests, each of them waits for all others whenever it wants the GIL
back, and chance decides which thread gets it. Here one thread, the leader, waits for all
connections and serves one after the other; while nothing else runs, no other thread wants the GIL.
When a request is about to wait, or takes longer than `LONG_S`, another thread becomes the leader.

This is Leader/Followers (https://www.dre.vanderbilt.edu/~schmidt/PDF/lf.pdf), except that a leader
hands over when it must, not with each request. A thread watches over that, as Go's sysmon takes a
processor back from a system call (https://go.dev/src/runtime/proc.go).
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

from nexus.server.by_handler import ByHandler
from nexus.server.looker import Looker
from nexus.server.silent import Events, Silent

LINGER_S = 0.002
"""How long the leader waits for any request; then all connections go back to gunicorn's poller. A
client on the same machine sends its next within 0.2 ms, one in the same zone within 1 ms."""
LONG_S = 0.002
"""A request that takes longer is slow: at the next look another thread is appointed leader."""
POLLS_AFTER_S = 0.002
"""How long the leader serves requests that it knows of before it looks for others"""
SLOW_FOR_S = 1.0
"""For how long after a slow request the handlers take turns"""
KEPT_S = 1.0
"""How long a silent connection is kept while others are not silent."""
Step = Callable[[], None]
"""A function that gunicorn's main thread runs next with a connection."""


def handed_over() -> None:
    """Do nothing: the main thread has the connection already, since it was answered early."""


class Host(Protocol):
    """The worker whose connections these are."""

    def serve(self, conn: Any) -> Step | None:
        """Serve the request of *conn* if it has arrived. Return None if the connection is kept
        alive, `handed_over` if it is not the caller's any more, else the main thread's next step
        with it. Must not raise."""

    def handler_of(self, conn: Any) -> str:
        """Return the name of the handler that the next request of *conn* is for, as far as it has
        arrived; "" for none. Must not raise."""

    def wait_for_client(self, conn: Any) -> None:
        """Wait for the next request of *conn* on the main thread."""

    def on_main_thread(self, step: Step) -> None:
        """Let gunicorn's main thread run *step*."""

    def run_elsewhere(self, task: Callable[[], None]) -> bool:
        """Let another thread run *task*; return False if the threads have ended."""

    def stopping(self) -> bool:
        """Return whether the worker stops, so that all connections must go back to its poller."""

    def needs_thread(self) -> bool:
        """Return whether work waits for a thread and only the calling thread could do it."""


class _Leader:
    """The time for which one thread leads."""

    __slots__ = ("since_s", "thread")

    def __init__(self, thread: int) -> None:
        self.thread = thread
        """the thread's identifier; 0: a thread was called, but does not lead yet"""
        self.since_s = 0.0
        """when the request under way began (monotonic seconds); 0: no request is under way"""


class KeptAlive:
    """Connections that are kept alive, except those being served or back with gunicorn's poller.

    Thread-safe.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        self._lock = threading.Lock()  # guards the fields below, but `looker`
        self._silent = Silent()
        self._ready: ByHandler[Any] = ByHandler()
        """connections with a request"""
        self._polled_s = 0.0
        """when the leader last looked for more of them (monotonic seconds)"""
        self._slow_s = -math.inf
        """when a leader last handed over, since its request was slow or about to wait"""
        self._leader: _Leader | None = None
        self._called = False
        """whether a thread was asked to lead and has yet to begin: only one is asked at a time"""
        self.looker = Looker(self._look)

    def __len__(self) -> int:
        """Return how many connections wait for their next request, or for a thread to serve it."""
        return len(self._silent) + len(self._ready)

    def keep(self, conn: Any) -> None:
        """Wait for the next request of *conn*. Call `lead` afterwards: some thread must lead."""
        may_be_ready = conn.sock.incoming.may_be_ready()
        name = self._name_of(conn) if may_be_ready else ""
        number = conn.sock.fileno()
        try:
            with self._lock:
                self._silent.watch(number)
                if may_be_ready:
                    self._ready.append(name, conn)
                else:
                    self._silent.add(number, conn)
        except OSError:  # ENOSPC, say: this user's epolls watch as much as they may
            self._host.on_main_thread(partial(self._host.wait_for_client, conn))

    def lead(self) -> None:
        """Serve as the leader while requests keep arriving, unless another thread leads."""
        while (leader := self._take_lead()) is not None:
            while (conn := self._next(leader)) is not None:
                number = conn.sock.fileno()
                step = self._host.serve(conn)
                if step is None:
                    self.keep(conn)
                elif step is not handed_over:
                    self.give(number, step)
                with self._lock:
                    leader.since_s = 0.0
                    if self._leader is not leader:
                        break
            else:
                return

    def give(self, number: int, step: Step) -> None:
        """Let gunicorn's main thread run *step* with the connection of descriptor *number*."""
        with self._lock:
            self._silent.forget(number)
        self._host.on_main_thread(step)

    def before_wait(self) -> None:
        """Hand leadership to another thread if the caller leads: the caller is about to block."""
        with self._lock:
            leader = self._leader
            if leader is None or leader.thread != threading.get_ident() or not leader.since_s:
                return
            wanted = self._hand_over()
            self._slow_s = time.monotonic()
        self._call_leader(wanted)

    # ---- under the lock ---------------------------------------------------------------------

    def _hand_over(self) -> bool:
        """End this leadership; return whether the caller must call another thread to lead."""
        wanted = bool(self._ready or self._silent)
        self._leader = _Leader(0) if wanted else None
        called, self._called = self._called, self._called or wanted
        return wanted and not called

    def _take_all(self) -> list[Any]:
        """Take all connections out, and end this leadership."""
        for conn in self._ready:
            self._silent.forget(conn.sock.fileno())
        conns = [*self._silent.take_all(), *self._ready]
        self._ready.clear()
        self._leader = None
        return conns

    def _take_uncalled(self) -> list[Any]:
        """Take all connections out, since no thread can lead."""
        self._called = False
        return self._take_all()

    def _take_in(self, events: Events, names: Sequence[str], conns: Sequence[Any]) -> list[Any]:
        """Take in connections that have a request, for the handlers of these *names*; take out
        those that must go back to gunicorn's poller."""
        for name, conn in zip(names, conns, strict=True):
            self._ready.append(name, conn)
        return self._silent.take_older(KEPT_S) if events or self._ready else self._take_all()

    # ---- the leader -------------------------------------------------------------------------

    def _take_lead(self) -> _Leader | None:
        """Make the calling thread the leader; return None if another thread leads."""
        with self._lock:
            if self._leader is not None and self._leader.thread:
                return None
            self._leader = _Leader(threading.get_ident())
            return self._leader

    def _next(self, leader: _Leader) -> Any:
        """Return the next connection to serve, or None if this thread no longer leads."""
        while self._leader is leader:
            if self._host.stopping():
                self._give_back(self._take_all)
            elif self._host.needs_thread():
                with self._lock:
                    wanted = self._hand_over()
                self._call_leader(wanted)
            elif (conn := self._begin(leader)) is not None:
                return conn
            elif not len(self):  # all have ended
                self._give_back(self._take_all)
            else:
                self._poll()
        return None

    def _poll(self) -> None:
        """Find the connections that have a request by now. The caller leads meanwhile: no other
        thread sees those that are in its hands."""
        events = self._silent.poll(0.0 if self._ready else LINGER_S)
        self._polled_s = time.monotonic()
        with self._lock:
            conns = self._silent.take_ready(events)
        several = len(conns) + len(self._ready) > 1
        names = [self._name_of(conn) if several else "" for conn in conns]
        self._give_back(partial(self._take_in, events, names, conns))

    def _name_of(self, conn: Any) -> str:
        """Return the handler's name where it counts: while all requests are fast, no order would
        serve any of them sooner by much."""
        slow = time.monotonic() - self._slow_s < SLOW_FOR_S
        return self._host.handler_of(conn) if slow else ""

    def _begin(self, leader: _Leader) -> Any:
        """Take the next connection that has a request; return None if it is time to poll."""
        with self._lock:
            now = time.monotonic()
            if not self._ready or now - self._polled_s > POLLS_AFTER_S:
                return None
            leader.since_s = now
            conn = self._ready.popleft()
        if self.looker.sleeps:
            self.looker.wake()
        return conn

    def _give_back(self, take: Callable[[], list[Any]]) -> None:
        """Call *take* under the lock, and give the connections that it returns back to gunicorn's
        poller."""
        with self._lock:
            conns = take()
        if conns:
            self._host.on_main_thread(partial(self._wait_for_clients, conns))

    def _wait_for_clients(self, conns: list[Any]) -> None:
        for conn in conns:
            self._host.wait_for_client(conn)

    def _call_leader(self, wanted: bool) -> None:
        if wanted and not self._host.run_elsewhere(self._come):
            self._give_back(self._take_uncalled)

    def _come(self) -> None:
        with self._lock:
            self._called = False
        self.lead()

    def _look(self) -> bool:
        """Appoint another leader where a request is slow; return whether one is under way."""
        wanted = False
        with self._lock:
            since_s = 0.0 if self._leader is None else self._leader.since_s
            if since_s and time.monotonic() - since_s >= LONG_S:
                wanted = self._hand_over()
                self._slow_s = time.monotonic()
        self._call_leader(wanted)
        return bool(since_s)
