"""Deficit round robin: waiting requests take turns by their keys, in proportion to weights.

After M. Shreedhar and G. Varghese, "Efficient Fair Queueing Using Deficit Round Robin" (SIGCOMM
1995). There a packet costs its length; here a request costs the time it is expected to hold a
place, from a moving average of its handler. So a key whose requests take ten times as long gets a
tenth as many.
"""

from __future__ import annotations

import math
from collections import deque

from nexus.plugin_api.averages import MovingAverages
from nexus.plugin_api.scheduling import PolicyBase, PolicyOptions, Ticket

LEAST_COST_S = 1e-6
"""The lowest cost of a request. Without it requests that take no time, or are not measured yet,
would never use their turn up."""


class _Flow:
    """The waiting requests of one key, and the time left of its turn."""

    __slots__ = ("credited", "deficit_s", "key", "tickets", "weight")

    def __init__(self, key: str) -> None:
        self.key, self.weight = key, 1.0
        self.tickets: deque[Ticket] = deque()
        self.deficit_s = 0.0
        """time for which the key may still hold a place; the rest is kept for its next turn"""
        self.credited = False
        """whether this turn's quantum was added"""

    def length(self) -> float:
        return len(self.tickets) / self.weight


class FairShare(PolicyBase):
    """Deficit round robin over keys."""

    def __init__(self, options: PolicyOptions) -> None:
        super().__init__(options)
        self._flows: dict[str, _Flow] = {}
        """maps each key that has a request waiting, and no other key, to its flow"""
        self._turns: deque[_Flow] = deque()
        self._took_s = MovingAverages()
        self._waiting = 0

    def push(self, ticket: Ticket) -> None:
        flow = self._flows.get(ticket.key)
        if flow is None:
            flow = self._flows[ticket.key] = _Flow(ticket.key)
            self._turns.append(flow)
        flow.weight = ticket.weight  # weights may change while the key waits
        flow.tickets.append(ticket)
        self._waiting += 1

    def pop(self) -> Ticket | None:
        if not self._waiting:
            return None
        for _ in range(len(self._turns) + 1):  # one more: the first may be at the end of its turn
            if (ticket := self._take()) is not None:
                return ticket
        self._skip_rounds()
        while (ticket := self._take()) is None:
            pass
        return ticket

    def remove(self, ticket: Ticket) -> None:
        flow = self._flows[ticket.key]
        flow.tickets.remove(ticket)
        self._waiting -= 1
        if not flow.tickets:
            self._turns.remove(flow)
            del self._flows[flow.key]

    def __len__(self) -> int:
        return self._waiting

    def displace(self, ticket: Ticket) -> Ticket | None:
        """Return the newest ticket of the key with the longest queue for its weight, so that a
        flood displaces only requests of its own."""
        if not self._turns:
            return None
        longest = max(self._turns, key=_Flow.length)
        own = self._flows.get(ticket.key)
        length = ((len(own.tickets) if own else 0) + 1) / ticket.weight
        return longest.tickets[-1] if longest.length() > length else None

    def finished(self, handler: str, wall_s: float, cpu_s: float) -> None:
        self._took_s.measured(handler, wall_s, self.options.clock())

    def _take(self) -> Ticket | None:
        """Return the next ticket of the key whose turn it is, or None if that turn ended."""
        flow = self._turns[0]
        if not flow.credited:
            flow.credited = True
            flow.deficit_s += self._quantum_s(flow)
        cost_s = self._cost_s(flow.tickets[0])
        if cost_s > flow.deficit_s:
            flow.credited = False
            self._turns.rotate(-1)
            return None
        flow.deficit_s -= cost_s
        self._waiting -= 1
        ticket = flow.tickets.popleft()
        if not flow.tickets:  # the rest of its turn is lost: a key must not save up for a flood
            self._turns.popleft()
            del self._flows[flow.key]
        return ticket

    def _skip_rounds(self) -> None:
        """Give each key its time for all rounds in which no key could afford a request."""
        rounds = min(
            math.ceil((self._cost_s(flow.tickets[0]) - flow.deficit_s) / self._quantum_s(flow))
            for flow in self._turns
        )
        for flow in self._turns:
            flow.deficit_s += (rounds - 1) * self._quantum_s(flow)

    def _cost_s(self, ticket: Ticket) -> float:
        return max(self._took_s.of(ticket.handler), LEAST_COST_S)

    def _quantum_s(self, flow: _Flow) -> float:
        """Return the time of an average request: a turn at weight 1 is about one request."""
        return max(self._took_s.overall(), LEAST_COST_S) * flow.weight
