"""The bounded queue before the pool (backpressure): decides under its lock, waits outside of it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nexus.errors import Overloaded, ShuttingDown, is_interrupt
from nexus.model import Task
from nexus.plugin_api.scheduling import (
    DEFAULTS,
    NORMAL_PRIORITY,
    Policy,
    PolicyBase,
    PolicyOptions,
    Ticket,
)
from nexus.scheduling.concurrency import Concurrency
from nexus.scheduling.tickets import TicketMaker

log = logging.getLogger("nexus.scheduling")


class Admission:
    """Lets up to *max_running* requests run and *max_queue* wait, and rejects the rest.

    The policy sees only requests that have to wait, and only through methods that it overrides: a
    request that finds a free place costs the same under every policy.
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
        """*ticket*: the class of tickets; another class if time is simulated."""
        self._policy = policy
        self._refuse = _ability(policy, "refuse")
        self._displace = _ability(policy, "displace")
        self._finished = _ability(policy, "finished")
        self._limit = _ability(policy, "limit")
        self.holds_back = self._limit is not None
        """whether requests may have to wait even if there is a free place"""
        self.measures = self._finished is not None
        """whether `leave` needs the times that a request took"""
        self._max_running, self._max_queue = max_running, max_queue
        self._tickets, self._clock = TicketMaker(options, ticket), options.clock
        self._lock = threading.Lock()  # guards the policy, the counts and _closed
        self._running = 0
        self._by_handler = Concurrency()
        self._aside = 0
        """executions that have left their place for a while"""
        self._closed = False
        self._idle = threading.Condition(self._lock)
        self._watched = 0
        """threads in `wait_idle`; notifying nobody would cost a request 0.4 us"""
        self.before_wait: Callable[[], None] = lambda: None
        """called on a request's own thread just before it waits for a place"""

    def enter(
        self,
        handler: str,
        max_concurrency: int,
        deadline: float,
        priority: int = NORMAL_PRIORITY,
        task: Task[Any] | None = None,
    ) -> float:
        """Wait for a place, which `leave` gives back; return how long that took, in seconds.

        *max_concurrency* 0: no limit for this handler alone. *priority* is the handler's; the
        headers of *task* may set another priority, and a key.

        Raises: ConcurrencyLimit, Overloaded (the queue is full, the policy refuses or displaces
            it, or *deadline* passed while waiting), ShuttingDown.
        """
        with self._lock:
            if self._closed:
                raise ShuttingDown("this worker is shutting down")
            most = self._max_running
            if self._running < (most if self._limit is None else self._limit(most)):
                if max_concurrency:
                    self._by_handler.add(handler, max_concurrency)
                self._running += 1
                return 0.0
            ticket = self._queue(handler, max_concurrency, deadline, priority, task)
        return self._wait(ticket, max_concurrency)

    def leave(
        self, handler: str, max_concurrency: int = 0, took: tuple[float, float] | None = None
    ) -> None:
        """Give the place back, with the arguments of `enter`; the next waiting request gets it.

        *took*, if `measures`: how long the place was held, and the CPU time, in seconds.
        """
        with self._lock:
            if max_concurrency:
                self._by_handler.remove(handler)
            self._running -= 1
            fault = None if took is None else self._learn(handler, *took)
            admitted: Sequence[Ticket] = ()
            try:
                if self._limit is None:
                    free = self._running < self._max_running  # False if max_running became smaller
                    following = self._policy.pop() if free else None
                    if following is not None:
                        self._running += 1
                        following.admitted = True
                        admitted = (following,)
                    elif not self._running and self._watched:
                        self._idle.notify_all()
                else:
                    admitted = self._refill(self._limit(self._max_running))
            except BaseException as error:  # a policy must not raise; the request has ended well
                fault = error
        for ticket in admitted:
            ticket.wake()
        if fault is not None:
            _report(fault)

    def step_aside(self) -> None:
        """Leave the place of an execution that goes on later; it still counts for its handler."""
        with self._lock:
            self._aside += 1
        self.leave("")

    def step_back(self) -> None:
        """Take a place again, also if none is free: the execution waits for its turn at the CPU
        instead (`nexus.run.lane`), and may not hold a place while it does."""
        with self._lock:
            self._aside -= 1
            self._running += 1

    def give_up(self, ticket: Ticket, max_concurrency: int = 0) -> str | None:
        """Stop waiting and return why there was no place; None if there is a place by now."""
        with self._lock:
            if ticket.admitted:
                return None
            if max_concurrency:
                self._by_handler.remove(ticket.handler)
            if ticket.displaced:
                return "its place in the queue was given to another request"
            self._policy.remove(ticket)
        return "the deadline passed while waiting in the queue"

    def depth(self) -> int:
        """Return how many requests wait now."""
        with self._lock:
            return len(self._policy)

    def limit(self) -> int:
        """Return how many requests may run at once now."""
        with self._lock:
            most = self._max_running
            return most if self._limit is None else self._limit(most)

    def running(self) -> int:
        """Return how many requests run now."""
        return self._running

    def resize(self, *, max_running: int, max_queue: int) -> None:
        """Set new limits; requests that already wait or run continue."""
        with self._lock:
            self._max_running, self._max_queue = max_running, max_queue
            limit = max_running if self._limit is None else self._limit(max_running)
            admitted = self._refill(limit)
        for ticket in admitted:
            ticket.wake()

    def reweigh(self, weights: Mapping[str, float]) -> None:
        """Give requests that arrive from now on these *weights*, by their keys."""
        self._tickets = self._tickets.reweighed(weights)

    def close(self) -> None:
        """Reject new requests; those waiting and running continue."""
        with self._lock:
            self._closed = True

    def wait_idle(self, timeout_s: float) -> bool:
        """Wait up to *timeout_s* until nothing runs or waits; return whether that happened."""
        with self._lock:
            self._watched += 1
            try:
                return self._idle.wait_for(lambda: not self._running + self._aside, timeout_s)
            finally:
                self._watched -= 1

    def _wait(self, ticket: Ticket, max_concurrency: int) -> float:
        self.before_wait()
        ticket.wait(ticket.deadline - ticket.arrived)
        if (why := self.give_up(ticket, max_concurrency)) is not None:
            raise Overloaded(why)
        return self._clock() - ticket.arrived

    # ---- under the lock ---------------------------------------------------------------------

    def _learn(self, handler: str, wall_s: float, cpu_s: float) -> BaseException | None:
        """Tell the policy that a request has ended; return what it raised, so that the place is
        passed on all the same."""
        if self._finished is not None:
            try:
                self._finished(handler, wall_s, cpu_s)
            except BaseException as error:
                return error
        return None

    def _queue(
        self,
        handler: str,
        max_concurrency: int,
        deadline: float,
        priority: int,
        task: Task[Any] | None,
    ) -> Ticket:
        """Put a request into the queue, or reject it."""
        ticket = self._tickets.make(handler, deadline, priority, task)
        if self._refuse is not None and (why := self._refuse(ticket, self._running)):
            raise Overloaded(why)
        displaced = None
        if len(self._policy) >= self._max_queue:
            displaced = self._displace(ticket) if self._displace is not None else None
            if displaced is None:
                raise Overloaded(f"{len(self._policy)} requests are waiting already")
        if max_concurrency:
            self._by_handler.add(handler, max_concurrency)
        if displaced is not None:
            self._policy.remove(displaced)
            displaced.displaced = True
            displaced.wake()  # the displaced thread first waits for this lock
        try:
            self._policy.push(ticket)
        except BaseException:  # a policy must not raise; if it does, only this request fails
            if max_concurrency:
                self._by_handler.remove(handler)
            raise
        return ticket

    def _refill(self, limit: int) -> list[Ticket]:
        """Admit as many tickets as may run now; the limit may have grown or shrunk."""
        admitted: list[Ticket] = []
        while self._running < limit and (ticket := self._policy.pop()) is not None:
            self._running += 1
            ticket.admitted = True
            admitted.append(ticket)
        if not self._running and self._watched:
            self._idle.notify_all()
        return admitted


def _report(fault: BaseException) -> None:
    """Log what a policy raised though it must not. Raises: KeyboardInterrupt, if it is the
    user's."""
    if is_interrupt(fault):
        raise fault
    log.error("the scheduling policy failed", exc_info=fault)


def _ability(policy: Policy, name: str) -> Any:
    """Return the method called *name*; None if *policy* does not override `PolicyBase`'s."""
    if getattr(type(policy), name, None) in (None, getattr(PolicyBase, name)):
        return None
    return getattr(policy, name)
