"""`priority`: the highest priority first; a waiting ticket's priority rises.

A wait of `ageing_s` is worth one step of priority. All tickets rise alike, so the order of two
tickets never changes, and their ranks are computed once. A ticket can be overtaken only by tickets
that arrive within `ageing_s` times the steps between the two: up to nine steps.
"""

from __future__ import annotations

from nexus.plugin_api.scheduling import DEFAULTS, PolicyBase, PolicyOptions, Ticket
from nexus.scheduling.ranked import Ranked


class Priority(PolicyBase):
    """Strict priorities with ageing."""

    def __init__(self, options: PolicyOptions = DEFAULTS) -> None:
        super().__init__(options)
        self._tickets = Ranked()

    def push(self, ticket: Ticket) -> None:
        self._tickets.push(self._rank(ticket), ticket)

    def pop(self) -> Ticket | None:
        return self._tickets.pop()

    def remove(self, ticket: Ticket) -> None:
        self._tickets.remove(ticket)

    def __len__(self) -> int:
        return len(self._tickets)

    def displace(self, ticket: Ticket) -> Ticket | None:
        """Return the last ticket in the order, unless that is *ticket*."""
        last = self._tickets.last()
        return last[1] if last is not None and last[0] > self._rank(ticket) else None

    def _rank(self, ticket: Ticket) -> float:
        return ticket.arrived - ticket.priority * self.options.ageing_s
