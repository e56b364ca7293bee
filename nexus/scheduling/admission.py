"""The bounded queue before the pool (backpressure): decides under its lock, waits outside it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from nexus.errors import ConcurrencyLimit, Overloaded, ShuttingDown
from nexus.model import Task
from nexus.plugin_api.scheduling import (
    DEFAULTS,
    NORMAL_PRIORITY,
    Policy,
    PolicyBase,
    PolicyOptions,
    Ticket,
)
from nexus.scheduling.tickets import TicketMaker


class Admission:
    """Lets at most *max_running* requests run, *max_queue* wait, and turns the rest away.

    The policy sees only requests that have to wait, and is told only what it wants to know: one
    that finds a free place costs the same under all of them.
    """

    def __init__(
        self,
        policy: Policy,
        *,
        max_running: int,
        max_queue: int,
        options: PolicyOptions = DEFAULTS,
        ticket: type[Ticket] = Ticket,
    ) -> None:
        """*ticket*: what waits; another class where time is not the real one."""
        self._policy = policy
        self._refuse = _ability(policy, "refuse")
        self._displace = _ability(policy, "displace")
        self._finished = _ability(policy, "finished")
        self._limit = _ability(policy, "limit")
        self.holds_back = self._limit is not None
        """whether requests may have to wait though there is a place"""
        self.measures = self._finished is not None
        """whether `leave` is to be told what a request took"""
        self._max_running, self._max_queue = max_running, max_queue
        self._tickets, self._clock = TicketMaker(options, ticket), options.clock
        self._lock = threading.Lock()  # guards the policy, the counts and _closed
        self._running = 0
        self._by_handler: dict[str, int] = {}
        """executions under way or waiting, of handlers with a limit of their own"""
        self._closed = False
        self._idle = threading.Condition(self._lock)
        self._watched = 0
        """threads in `wait_idle`; telling nobody would cost a request 0.4 us"""
        self.before_wait: Callable[[], None] = lambda: None
        """called on the thread of a request that is going to wait for a place"""

    def enter(
        self,
        handler: str,
        max_concurrency: int,
        deadline: float,
        priority: int = NORMAL_PRIORITY,
        task: Task[Any] | None = None,
    ) -> float:
        """Wait for a place and return how long that took, in seconds. `leave` gives it back.

        *max_concurrency* 0: no limit for this handler alone. *priority* is the handler's; the
        headers of *task* may say another, and a key.

        Raises: ConcurrencyLimit, Overloaded (the queue is full, the policy refuses or displaces
            it, or *deadline* passed while waiting), ShuttingDown.
        """
        with self._lock:
            if self._closed:
                raise ShuttingDown("this worker is shutting down")
            most = self._max_running
            if self._running < (most if self._limit is None else self._limit(most)):
                if max_concurrency:
                    self._count(handler, max_concurrency)
                self._running += 1
                return 0.0
            ticket = self._queue(handler, max_concurrency, deadline, priority, task)
        return self._wait(ticket, max_concurrency)

    def leave(
        self, handler: str, max_concurrency: int = 0, took: tuple[float, float] | None = None
    ) -> None:
        """Give the place back, with what `enter` was given; the next waiting request gets it.

        *took*, where `measures`: for how long the place was held, and CPU time, in seconds.
        """
        with self._lock:
            if max_concurrency:
                self._forget(handler)
            self._running -= 1
            if took is not None and self._finished is not None:
                self._finished(handler, *took)
            if self._limit is None:
                free = self._running < self._max_running  # not if that became less
                following = self._policy.pop() if free else None
                if following is None:
                    if not self._running and self._watched:
                        self._idle.notify_all()
                    return
                self._running += 1
                following.admitted = True
                admitted = [following]
            else:
                admitted = self._refill(self._limit(self._max_running))
        for ticket in admitted:
            ticket.wake()

    def give_up(self, ticket: Ticket, max_concurrency: int = 0) -> str | None:
        """Stop waiting and say why there was no place; None: there is one by now."""
        with self._lock:
            if ticket.admitted:
                return None
            if max_concurrency:
                self._forget(ticket.handler)
            if ticket.displaced:
                return "its place in the queue was given to another request"
            self._policy.remove(ticket)
        return "the deadline passed while waiting in the queue"

    def depth(self) -> int:
        """How many requests wait now."""
        with self._lock:
            return len(self._policy)

    def limit(self) -> int:
        """How many requests may run at once now."""
        with self._lock:
            most = self._max_running
            return most if self._limit is None else self._limit(most)

    def running(self) -> int:
        """How many requests run now."""
        return self._running

    def resize(self, *, max_running: int, max_queue: int) -> None:
        """Have other bounds from now on; those that wait or run already go on."""
        with self._lock:
            self._max_running, self._max_queue = max_running, max_queue
            limit = max_running if self._limit is None else self._limit(max_running)
            admitted = self._refill(limit)
        for ticket in admitted:
            ticket.wake()

    def reweigh(self, weights: Mapping[str, float]) -> None:
        """Let requests that come from now on have these *weights*, by their keys."""
        self._tickets = self._tickets.reweighed(weights)

    def close(self) -> None:
        """Turn new requests away; those waiting and running go on."""
        with self._lock:
            self._closed = True

    def wait_idle(self, timeout_s: float) -> bool:
        """Wait until nothing runs or waits, at most *timeout_s*; say whether that came true."""
        with self._lock:
            self._watched += 1
            try:
                return self._idle.wait_for(lambda: not self._running, timeout_s)
            finally:
                self._watched -= 1

    def _wait(self, ticket: Ticket, max_concurrency: int) -> float:
        self.before_wait()
        ticket.wait(ticket.deadline - ticket.arrived)
        if (why := self.give_up(ticket, max_concurrency)) is not None:
            raise Overloaded(why)
        return self._clock() - ticket.arrived

    # ---- under the lock ---------------------------------------------------------------------

    def _queue(
        self,
        handler: str,
        max_concurrency: int,
        deadline: float,
        priority: int,
        task: Task[Any] | None,
    ) -> Ticket:
        """Put a request into the queue, or turn it away."""
        ticket = self._tickets.make(handler, deadline, priority, task)
        if self._refuse is not None and (why := self._refuse(ticket, self._running)):
            raise Overloaded(why)
        displaced = None
        if len(self._policy) >= self._max_queue:
            displaced = self._displace(ticket) if self._displace is not None else None
            if displaced is None:
                raise Overloaded(f"{len(self._policy)} requests are waiting already")
        if max_concurrency:
            self._count(handler, max_concurrency)
        if displaced is not None:
            self._policy.remove(displaced)
            displaced.displaced = True
            displaced.wake()  # it waits for this lock first
        try:
            self._policy.push(ticket)
        except BaseException:  # a policy must not, but if one does, it costs this request alone
            if max_concurrency:
                self._forget(handler)
            raise
        return ticket

    def _refill(self, limit: int) -> list[Ticket]:
        """Admit as many as may run now: the limit may have changed in either direction."""
        admitted: list[Ticket] = []
        while self._running < limit and (ticket := self._policy.pop()) is not None:
            self._running += 1
            ticket.admitted = True
            admitted.append(ticket)
        if not self._running and self._watched:
            self._idle.notify_all()
        return admitted

    def _count(self, handler: str, max_concurrency: int) -> None:
        found = self._by_handler.get(handler, 0)
        if found >= max_concurrency:
            raise ConcurrencyLimit(
                f"{found} executions of {handler!r} are under way or waiting; "
                f"its limit is {max_concurrency}"
            )
        self._by_handler[handler] = found + 1

    def _forget(self, handler: str) -> None:
        left = self._by_handler[handler] - 1
        if left:
            self._by_handler[handler] = left
        else:
            del self._by_handler[handler]


def _ability(policy: Policy, name: str) -> Any:
    """The method called *name*; None where *policy* leaves it as `PolicyBase` has it."""
    if getattr(type(policy), name, None) in (None, getattr(PolicyBase, name)):
        return None
    return getattr(policy, name)
