"""The bounded queue before the pool (backpressure): decides under its lock, waits outside it."""

from __future__ import annotations

import threading
import time

from nexus.errors import ConcurrencyLimit, Overloaded, ShuttingDown
from nexus.scheduling.policy import Policy, Ticket


class Admission:
    """Lets at most *max_running* requests run, *max_queue* wait, and turns the rest away."""

    def __init__(self, policy: Policy, *, max_running: int, max_queue: int) -> None:
        self._policy = policy
        self._max_running, self._max_queue = max_running, max_queue
        self._lock = threading.Lock()  # guards the policy, the counts and _closed
        self._running = 0
        self._by_handler: dict[str, int] = {}
        """executions under way or waiting, of handlers with a limit of their own"""
        self._closed = False
        self._idle = threading.Condition(self._lock)

    def enter(self, handler: str, max_concurrency: int, deadline: float) -> float:
        """Wait for a place and return how long that took, in seconds. `leave` gives it back.

        *max_concurrency* 0: no limit for this handler alone.

        Raises: ConcurrencyLimit, Overloaded (queue full, or *deadline* passed while waiting),
            ShuttingDown.
        """
        with self._lock:
            if self._closed:
                raise ShuttingDown("this worker is shutting down")
            if self._running >= self._max_running and len(self._policy) >= self._max_queue:
                raise Overloaded(f"{len(self._policy)} requests are waiting already")
            if max_concurrency:
                self._count(handler, max_concurrency)
            if self._running < self._max_running:
                self._running += 1
                return 0.0
            ticket = Ticket(handler, deadline)
            self._policy.push(ticket)
        return self._wait(ticket, max_concurrency)

    def _count(self, handler: str, max_concurrency: int) -> None:
        found = self._by_handler.get(handler, 0)
        if found >= max_concurrency:
            raise ConcurrencyLimit(
                f"{found} executions of {handler!r} are under way or waiting; "
                f"its limit is {max_concurrency}"
            )
        self._by_handler[handler] = found + 1

    def _wait(self, ticket: Ticket, max_concurrency: int) -> float:
        began = time.monotonic()
        ticket.wait(ticket.deadline - began)
        with self._lock:
            if ticket.admitted:
                return time.monotonic() - began
            self._policy.remove(ticket)
            if max_concurrency:
                self._forget(ticket.handler)
        raise Overloaded("the deadline passed while waiting in the queue")

    def leave(self, handler: str, max_concurrency: int = 0) -> None:
        """Give the place back, with what `enter` was given; the next waiting request gets it."""
        with self._lock:
            if max_concurrency:
                self._forget(handler)
            self._running -= 1
            admitted = self._admit()
            if not self._running:
                self._idle.notify_all()
        for following in admitted:
            following.wake()

    def resize(self, *, max_running: int, max_queue: int) -> None:
        """Have other bounds from now on; those that wait or run already go on."""
        with self._lock:
            self._max_running, self._max_queue = max_running, max_queue
            admitted = self._admit()
        for following in admitted:
            following.wake()

    def _admit(self) -> list[Ticket]:
        """Under the lock: let those in for whom there is a place."""
        admitted: list[Ticket] = []
        while self._running < self._max_running and (ticket := self._policy.pop()) is not None:
            self._running += 1
            ticket.admitted = True
            admitted.append(ticket)
        return admitted

    def _forget(self, handler: str) -> None:
        left = self._by_handler[handler] - 1
        if left:
            self._by_handler[handler] = left
        else:
            del self._by_handler[handler]

    def depth(self) -> int:
        """How many requests wait now."""
        return len(self._policy)

    def running(self) -> int:
        """How many requests run now."""
        return self._running

    def close(self) -> None:
        """Turn new requests away; those waiting and running go on."""
        with self._lock:
            self._closed = True

    def wait_idle(self, timeout_s: float) -> bool:
        """Wait until nothing runs or waits, at most *timeout_s*; say whether that came true."""
        with self._lock:
            return self._idle.wait_for(lambda: not self._running, timeout_s)
