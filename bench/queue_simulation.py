"""The admission queue in virtual time: the real `Admission` and policies, simulated guests.

*cores* share the CPU evenly among the requests that run. A request has an amount of work, and ends
when that is done or at its deadline, whichever is first.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from nexus.errors import Overloaded
from nexus.model import HttpRequest
from nexus.plugin_api.scheduling import Policy, PolicyOptions, Ticket
from nexus.scheduling import Admission

KEY_HEADER = "X-Tenant"


@dataclass(frozen=True)
class Arrival:
    """One request that will arrive."""

    at: float
    work_s: float
    """how long the request takes alone"""
    handler: str = "h"
    tenant: str = ""
    priority: int = 5
    timeout_s: float = 30.0


@dataclass(eq=False)
class Request:
    """A request that has arrived, and how it ended."""

    arrival: Arrival
    began: float = math.nan
    ended: float = math.nan
    end: str = ""
    """`served`, `timeout` (its deadline came while it ran), `refused`, `displaced` or `expired`
    (in the queue)"""
    done_at: float = math.inf
    """the virtual clock of work (`_worked_s`) at which the request is done"""

    @property
    def waited_s(self) -> float:
        return (self.ended if math.isnan(self.began) else self.began) - self.arrival.at

    @property
    def latency_s(self) -> float:
        return self.ended - self.arrival.at


class _Parked(Exception):
    """Raised in place of a wait."""


@dataclass
class Simulation:
    """One worker in virtual time."""

    make_policy: Callable[[PolicyOptions], Policy]
    places: int
    cores: float
    max_queue: int = 100
    options: PolicyOptions = field(default_factory=lambda: PolicyOptions(key_header=KEY_HEADER))
    cpu_share: float = 1.0
    """the share of a request's work that needs CPU; for the rest it waits, at no cost to others"""
    now: float = 0.0
    done: list[Request] = field(default_factory=list)
    limits: list[tuple[float, int]] = field(default_factory=list)
    """pairs of a time at which a request ended and the number that might run after that"""

    def __post_init__(self) -> None:
        options = replace(self.options, places=self.places, clock=lambda: self.now)
        simulation = self

        class Waiter(Ticket):
            def wait(self, timeout_s: float) -> None:
                simulation._parked = self
                raise _Parked

            def wake(self) -> None:
                simulation._woken.append(self)

        self._parked: Ticket | None = None
        self._woken: list[Ticket] = []
        self._waiting: dict[Ticket, Request] = {}
        self._policy = self.make_policy(options)
        self._admission = Admission(
            self._policy,
            max_running=self.places,
            max_queue=self.max_queue,
            options=options,
            ticket=Waiter,
        )
        self._running: list[tuple[float, int, Request]] = []
        self._deadlines: list[tuple[float, int, Request, Ticket | None]] = []
        self._order = itertools.count()
        self._worked_s = 0.0
        """how much work one request would have finished since the start"""
        self._count = 0

    def run(self, arrivals: Iterable[Arrival]) -> list[Request]:
        """Let all *arrivals* arrive; return their requests once all have ended."""
        for arrival in sorted(arrivals, key=lambda arrival: arrival.at):
            self._go_on_until(arrival.at)
            self._arrive(arrival)
        self._go_on_until(math.inf)
        return self.done

    def _go_on_until(self, at: float) -> None:
        while True:
            ends, expires = self._next_end(), self._next_deadline()
            if min(ends, expires) > at or math.isinf(min(ends, expires)):
                break
            if ends <= expires:
                self._pass(ends)
                self._end(heapq.heappop(self._running)[2], "served")
            else:
                self._pass(expires)
                self._expire()
        if not math.isinf(at):
            self._pass(at)

    def _rate(self) -> float:
        return min(1.0, self.cores / self._count) if self._count else 0.0

    def _pass(self, at: float) -> None:
        self._worked_s += (at - self.now) * self._rate()
        self.now = at

    def _next_end(self) -> float:
        while self._running and self._running[0][2].end:
            heapq.heappop(self._running)  # its deadline was first
        if not self._running:
            return math.inf
        return self.now + max(self._running[0][0] - self._worked_s, 0.0) / self._rate()

    def _next_deadline(self) -> float:
        while self._deadlines and self._deadlines[0][2].end:
            heapq.heappop(self._deadlines)
        return self._deadlines[0][0] if self._deadlines else math.inf

    def _arrive(self, arrival: Arrival) -> None:
        request = Request(arrival)
        deadline = arrival.at + arrival.timeout_s
        task = HttpRequest({"HTTP_X_TENANT": arrival.tenant})
        ticket = None
        try:
            self._admission.enter(arrival.handler, 0, deadline, arrival.priority, task)
        except Overloaded:
            self._finish(request, "refused")
            return
        except _Parked:
            ticket = self._parked
            assert ticket is not None
            self._waiting[ticket] = request
        else:
            self._begin(request)
        heapq.heappush(self._deadlines, (deadline, next(self._order), request, ticket))
        self._take_woken()

    def _begin(self, request: Request) -> None:
        request.began = self.now
        request.done_at = self._worked_s + request.arrival.work_s
        self._count += 1
        heapq.heappush(self._running, (request.done_at, next(self._order), request))

    def _expire(self) -> None:
        _, _, request, ticket = heapq.heappop(self._deadlines)
        if not math.isnan(request.began):
            self._end(request, "timeout")
        else:
            assert ticket is not None
            assert self._admission.give_up(ticket) is not None
            del self._waiting[ticket]
            self._finish(request, "expired")

    def _end(self, request: Request, how: str) -> None:
        self._count -= 1
        self._finish(request, how)
        wall_s = self.now - request.began
        left_s = max(request.done_at - self._worked_s, 0.0)
        cpu_s = (request.arrival.work_s - left_s) * self.cpu_share
        took = (wall_s, cpu_s) if self._admission.measures else None
        self._admission.leave(request.arrival.handler, 0, took)
        self.limits.append((self.now, self._policy.limit(self.places)))
        self._take_woken()

    def _take_woken(self) -> None:
        woken, self._woken = self._woken, []
        for ticket in woken:
            request = self._waiting.pop(ticket)
            if ticket.admitted:
                self._begin(request)
            else:
                assert self._admission.give_up(ticket) is not None
                self._finish(request, "displaced")

    def _finish(self, request: Request, how: str) -> None:
        request.end, request.ended = how, self.now
        self.done.append(request)
