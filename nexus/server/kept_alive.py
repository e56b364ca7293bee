"""Serves connections that are kept alive: in order of arrival, on one thread as long as that goes.

Of many threads that serve small requests each waits for all others whenever it wants the GIL back,
and who gets it is a lottery. Here one thread, the leader, waits for all connections and serves them
one after the other; while nothing else runs, nobody wants the GIL but it. When a request is about
to wait, or takes longer than small ones do, another thread leads on.

This is Leader/Followers (https://www.dre.vanderbilt.edu/~schmidt/PDF/lf.pdf), but that a leader
hands over when it must, not with each request. A thread of its own sees to that, as Go's sysmon
takes a processor back from a system call (https://go.dev/src/runtime/proc.go).

The epoll reports a connection once for whatever arrives (EPOLLET), and not again before more does.
So a connection stays registered from one request to the next: otherwise each request would take two
more system calls.
"""

from __future__ import annotations

import select
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Protocol

LINGER_S = 0.002
"""how long the leader waits for any request before all connections go back to gunicorn's poller; a
client on the same machine sends its next within 0.2 ms, one in the same zone within 1 ms"""
LONG_S = 0.002
"""A request that takes longer is slow: at the next look another thread is appointed leader."""
LOOK_S = 0.01
"""how often somebody looks for a slow request. Each look takes the GIL from the leader: at 1 ms a
warm handler served an eighth fewer requests, and its p99 was longer"""
KEPT_S = 1.0
"""how long a silent connection is kept where others are not silent"""
_QUIET_LOOKS = 10
"""without a request under way, after which nobody looks until there is one again"""
_EVENTS = select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLET

Step = Callable[[], None]
"""what gunicorn's main thread does next with a connection"""


class Host(Protocol):
    """The worker whose connections these are."""

    def serve(self, conn: Any) -> Step | None:
        """Serve the request of *conn* if it is there; return None if the connection stays, else
        what happens to it. Must not raise."""

    def wait_for_client(self, conn: Any) -> None:
        """Wait for the next request of *conn* on the main thread."""

    def on_main_thread(self, step: Step) -> None:
        """Have gunicorn's main thread take *step*."""

    def run_elsewhere(self, task: Callable[[], None]) -> bool:
        """Have another thread run *task*; return whether one can."""

    def stopping(self) -> bool:
        """Return whether all connections must go back."""

    def needs_thread(self) -> bool:
        """Return whether there is work for which the calling thread alone is free."""


class _Leader:
    """One thread's time as the leader."""

    __slots__ = ("since_s", "thread")

    def __init__(self, thread: int) -> None:
        self.thread = thread
        """its identifier; 0: it has yet to begin"""
        self.since_s = 0.0
        """when the request that it serves began; 0: it serves none"""


class KeptAlive:
    """The connections that are neither being served nor with gunicorn. Thread-safe."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._epoll = select.epoll()
        self._lock = threading.Lock()  # guards what follows
        self._registered: set[int] = set()
        """descriptors the epoll watches: of connections that wait here, or are being served"""
        self._silent: dict[int, tuple[Any, float]] = {}
        """those that wait, the oldest first, and since when"""
        self._missed: set[int] = set()
        """those of which an event came while they were being served"""
        self._ready: deque[Any] = deque()
        """connections with a request"""
        self._round = 0
        """how many of them there are to serve before the epoll is asked again"""
        self._leader: _Leader | None = None
        self._called = False
        """whether a thread was asked to lead that has yet to come; asked once only, since none may
        come for long, and what it is asked for is kept until then"""
        self._looking = True
        self._stopped = False
        self._changed = threading.Condition(self._lock)
        """notified when a request begins and nobody looks, and at the end"""
        self._looker = threading.Thread(target=self._look, name="nexus-leader", daemon=True)

    def start(self) -> None:
        """Begin to look after the leader."""
        self._looker.start()

    def stop(self) -> None:
        """Look after nobody any more."""
        with self._lock:
            self._stopped = True
            self._changed.notify()
        if self._looker.ident is not None:
            self._looker.join()

    def __len__(self) -> int:
        """Return how many wait for their next request, or for it to be served."""
        return len(self._silent) + len(self._ready)

    def keep(self, conn: Any) -> None:
        """Wait for the next request of *conn*. Somebody must lead: call `lead` afterwards."""
        may_be_ready = conn.sock.incoming.may_be_ready()
        number = conn.sock.fileno()
        try:
            with self._lock:
                if number not in self._registered:
                    self._epoll.register(number, _EVENTS)
                    self._registered.add(number)
                elif number in self._missed:
                    self._missed.discard(number)
                    self._epoll.modify(number, _EVENTS)  # tells again of what is there
                if may_be_ready:
                    self._ready.append(conn)
                else:
                    self._silent[number] = conn, time.monotonic()
        except OSError:  # ENOSPC, say: this user's epolls watch as much as they may
            self._host.on_main_thread(partial(self._host.wait_for_client, conn))

    def lead(self) -> None:
        """Serve as the leader for as long as requests come, unless another thread does."""
        while (leader := self._take_lead()) is not None:
            while (conn := self._next(leader)) is not None:
                number = conn.sock.fileno()
                step = self._host.serve(conn)
                if step is None:
                    self.keep(conn)
                else:
                    with self._lock:
                        self._forget(number)
                    self._host.on_main_thread(step)
                with self._lock:
                    leader.since_s = 0.0
                    if self._leader is not leader:
                        break
            else:
                return

    def before_wait(self) -> None:
        """Hand leadership to another thread, if the caller leads: it is about to wait."""
        with self._lock:
            leader = self._leader
            if leader is None or leader.thread != threading.get_ident() or not leader.since_s:
                return
            wanted = self._hand_over()
        self._call_leader(wanted)

    # ---- under the lock ---------------------------------------------------------------------

    def _hand_over(self) -> bool:
        """End the leader's time; return whether another must be called."""
        wanted = bool(self._ready or self._silent)
        self._leader = _Leader(0) if wanted else None
        called, self._called = self._called, self._called or wanted
        return wanted and not called

    def _forget(self, number: int) -> None:
        """No longer watch a connection, before anybody closes it."""
        self._registered.discard(number)
        self._missed.discard(number)
        with suppress(OSError, ValueError):  # closed already
            self._epoll.unregister(number)

    def _take_out(self, number: int) -> Any:
        self._forget(number)
        return self._silent.pop(number)[0]

    def _take_all(self) -> list[Any]:
        """Take all connections out, and end the leader's time."""
        conns = [self._take_out(number) for number in list(self._silent)]
        for conn in self._ready:
            self._forget(conn.sock.fileno())
        conns += self._ready
        self._ready.clear()
        self._round = 0
        self._leader = None
        return conns

    def _take_uncalled(self) -> list[Any]:
        """Take all out, since nobody comes to lead."""
        self._called = False
        return self._take_all()

    def _take_in(self, events: list[tuple[int, int]]) -> list[Any]:
        """Begin a round with those that have a request; take out what must go back."""
        for number, event in events:
            if number in self._silent:
                self._ready.append(self._silent.pop(number)[0])
                if event & ~select.EPOLLIN:  # with its last request the client closed, perhaps
                    self._missed.add(number)
            elif number in self._registered:
                self._missed.add(number)
        self._round = len(self._ready)
        return self._take_old() if events or self._round else self._take_all()

    def _take_old(self) -> list[Any]:
        """Take out what has been silent for long."""
        conns = []
        before = time.monotonic() - KEPT_S
        while self._silent and (oldest := next(iter(self._silent.items())))[1][1] < before:
            conns.append(self._take_out(oldest[0]))
        return conns

    # ---- the leader -------------------------------------------------------------------------

    def _take_lead(self) -> _Leader | None:
        """Become the leader; None: another thread is."""
        with self._lock:
            if self._leader is not None and self._leader.thread:
                return None
            self._leader = _Leader(threading.get_ident())
            return self._leader

    def _next(self, leader: _Leader) -> Any:
        """The next connection to serve; None: this thread leads no longer."""
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
                events = self._epoll.poll(0.0 if self._ready else LINGER_S)
                self._give_back(partial(self._take_in, events))
        return None

    def _begin(self, leader: _Leader) -> Any:
        """Take the next connection of the round; None: it is over."""
        with self._lock:
            if not self._round:
                return None
            self._round -= 1
            leader.since_s = time.monotonic()
            if not self._looking:
                self._looking = True
                self._changed.notify()
            return self._ready.popleft()

    def _give_back(self, take: Callable[[], list[Any]]) -> None:
        """Hand back what *take*, under the lock, takes out."""
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

    # ---- who looks after the leader ---------------------------------------------------------

    def _look(self) -> None:
        quiet = 0
        while True:
            wanted = False
            with self._lock:
                if self._stopped:
                    return
                since_s = 0.0 if self._leader is None else self._leader.since_s
                if since_s:
                    quiet = 0
                    if time.monotonic() - since_s >= LONG_S:
                        wanted = self._hand_over()
                else:
                    quiet += 1
                    self._looking = quiet < _QUIET_LOOKS
                    while not self._looking and not self._stopped:
                        self._changed.wait()
                        quiet = 0
            self._call_leader(wanted)
            time.sleep(LOOK_S)
