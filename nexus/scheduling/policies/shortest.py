"""`shortest`: the shortest expected CPU time first, by a moving average of each handler.

Shortest first alone would starve long requests. So a ticket is overtaken only by tickets that
arrive within `PATIENCE` times its expected CPU time: one of 50 ms waits up to 5 s for shorter ones.
"""

from __future__ import annotations

from nexus.plugin_api.averages import MovingAverages
from nexus.plugin_api.scheduling import DEFAULTS, PolicyBase, PolicyOptions, Ticket
from nexus.scheduling.ranked import Ranked

PATIENCE = 100.0


class Shortest(PolicyBase):
    """Shortest expected first; a handler not yet measured counts as average."""

    def __init__(self, options: PolicyOptions = DEFAULTS) -> None:
        super().__init__(options)
        self._tickets = Ranked()
        self._expected_s = MovingAverages()

    def push(self, ticket: Ticket) -> None:
        expected_s = self._expected_s.of(ticket.handler)
        self._tickets.push(ticket.arrived + PATIENCE * expected_s, ticket)

    def pop(self) -> Ticket | None:
        return self._tickets.pop()

    def remove(self, ticket: Ticket) -> None:
        self._tickets.remove(ticket)

    def __len__(self) -> int:
        return len(self._tickets)

    def finished(self, handler: str, wall_s: float, cpu_s: float) -> None:
        self._expected_s.measured(handler, cpu_s, self.options.clock())
