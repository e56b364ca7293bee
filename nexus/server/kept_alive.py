"""Serves connections that are kept alive: in order of arrival, on one thread as long as that goes.

Of many threads that serve small requests each waits for all others whenever it wants the GIL back,
and who gets it is a lottery. Here one thread, the leader, waits for all connections and serves them
one after the other; while nothing else runs, nobody wants the GIL but it. When a request is about
to wait, or takes longer than small ones do, another thread leads on.

This is Leader/Followers (https://www.dre.vanderbilt.edu/~schmidt/PDF/lf.pdf), but that a leader
hands over when it must, not with each request. A thread of its own sees to that, as Go's sysmon
takes a processor back from a system call (https://go.dev/src/runtime/proc.go).
"""

from __future__ import annotations

import select
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

LINGER_S = 0.002
"""how long the leader waits for any request before all connections go back to gunicorn's poller; a
client on the same machine sends its next within 0.2 ms, one in the same zone within 1 ms"""
LONG_S = 0.002
"""how long a small request takes at most; half of it later at most another thread leads"""
KEPT_S = 1.0
"""how long a silent connection is kept where others are not silent"""
_QUIET_LOOKS = 100
"""without a request under way, after which nobody looks until there is one again"""


class Host(Protocol):
    """The worker whose connections these are."""

    def serve(self, conn: Any) -> bool:
        """Serve the request that *conn* has; whether the connection stays. Must not raise."""

    def hand_back(self, conn: Any, stays: bool) -> None:
        """Take *conn* back, to wait for its next request or to close it."""

    def run_elsewhere(self, task: Callable[[], None]) -> bool:
        """Have another thread run *task*; whether that can be."""

    def stopping(self) -> bool:
        """Whether all connections are to go back."""

    def needs_thread(self) -> bool:
        """Whether there is work that the calling thread alone is free for."""


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
        self._lock = threading.Lock()  # guards what follows, and what the epoll waits for
        self._silent: dict[int, tuple[Any, float]] = {}
        """by descriptor, the oldest first: those the epoll waits for, and since when"""
        self._ready: deque[Any] = deque()
        """those with a request"""
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
        """How many wait for their next request, or for it to be served."""
        return len(self._silent) + len(self._ready)

    def keep(self, conn: Any) -> None:
        """Wait for the next request of *conn*. Someone must lead: call `lead` afterwards."""
        try:
            with self._lock:
                if conn.parser.unreader.buf.getvalue():  # it came along with the last one
                    self._ready.append(conn)
                    return
                number = conn.sock.fileno()
                self._epoll.register(number, select.EPOLLIN | select.EPOLLRDHUP)
                self._silent[number] = conn, time.monotonic()
        except OSError:  # ENOSPC, say: this user's epolls wait for as much as they may
            self._host.hand_back(conn, True)

    def lead(self) -> None:
        """Serve as the leader for as long as requests come, unless another thread does."""
        while (leader := self._take_lead()) is not None:
            while (conn := self._next(leader)) is not None:
                if self._host.serve(conn):
                    self.keep(conn)
                else:
                    self._host.hand_back(conn, False)
                with self._lock:
                    leader.since_s = 0.0
                    if self._leader is not leader:
                        break
            else:
                return

    def before_wait(self) -> None:
        """The calling thread is going to wait: if it leads, another is to."""
        with self._lock:
            leader = self._leader
            if leader is None or leader.thread != threading.get_ident() or not leader.since_s:
                return
            wanted = self._hand_over()
        self._call_leader(wanted)

    # ---- under the lock ---------------------------------------------------------------------

    def _hand_over(self) -> bool:
        """End the leader's time; whether another is to be called."""
        wanted = bool(self._ready or self._silent)
        self._leader = _Leader(0) if wanted else None
        called, self._called = self._called, self._called or wanted
        return wanted and not called

    def _take_out(self, number: int) -> Any:
        self._epoll.unregister(number)
        return self._silent.pop(number)[0]

    def _take_all(self) -> list[Any]:
        """Take all connections out, and end the leader's time."""
        found = [self._take_out(number) for number in list(self._silent)]
        found += self._ready
        self._ready.clear()
        self._round = 0
        self._leader = None
        return found

    def _take_uncalled(self) -> list[Any]:
        """Take all out, since nobody comes to lead."""
        self._called = False
        return self._take_all()

    def _take_in(self, events: list[tuple[int, int]]) -> list[Any]:
        """Begin a round with those that have a request; take out what is to go back."""
        for number, _ in events:
            if number in self._silent:  # not if all have been handed back meanwhile
                self._ready.append(self._take_out(number))
        self._round = len(self._ready)
        return self._take_old() if self._round else self._take_all()

    def _take_old(self) -> list[Any]:
        """Take out what has been silent for long."""
        found = []
        before = time.monotonic() - KEPT_S
        while self._silent and (oldest := next(iter(self._silent.items())))[1][1] < before:
            found.append(self._take_out(oldest[0]))
        return found

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
            found = take()
        for conn in found:
            self._host.hand_back(conn, True)

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
            time.sleep(LONG_S / 2)
