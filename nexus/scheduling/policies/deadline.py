"""`deadline`: the earliest deadline first; rejects, at arrival, a request that cannot meet its own.

Earliest deadline first is the best order while all deadlines can be met, and the worst beyond:
every request ends a little too late. So a request is rejected if, by the times of earlier requests,
it would miss its deadline or make a waiting request miss its own. Time spent on it would be lost
for requests that can be met.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from itertools import count
from typing import NamedTuple

from nexus.plugin_api.averages import MovingAverages
from nexus.plugin_api.scheduling import DEFAULTS, PolicyBase, PolicyOptions, Ticket

FORGOTTEN_AFTER_S = 10.0
"""An expectation without new measurements halves in this time; otherwise a handler whose requests
were slow once would always be rejected, and never measured again"""
SAFETY = 2.0
"""Mean deviations added to the expected time of a request; with 0, at 130 % load, 3.6 % of all
requests were cut off by their deadlines (`python -m bench.scheduling`)"""


class _Entry(NamedTuple):
    deadline: float
    order: int
    ticket: Ticket
    service_s: float
    """the expected time that it holds its place"""
    need_s: float
    """the most time it may need, by experience"""


class EarliestDeadline(PolicyBase):
    """Earliest deadline first, with a test of each request at arrival.

    It keeps a sorted list, not a heap, since the test walks through it. Each ticket is a waiting
    thread, so there are never very many.
    """

    def __init__(self, options: PolicyOptions = DEFAULTS) -> None:
        super().__init__(options)
        self._waiting: list[_Entry] = []
        self._order = count()
        self._service_s = MovingAverages()

    def push(self, ticket: Ticket) -> None:
        insort(self._waiting, self._entry(ticket))

    def pop(self) -> Ticket | None:
        """Return the first ticket that can be met; if none can, the first."""
        if not self._waiting:
            return None
        now = self.options.clock()
        for position, entry in enumerate(self._waiting):
            if now + entry.need_s <= entry.deadline:
                del self._waiting[position]
                return entry.ticket
        return self._waiting.pop(0).ticket

    def remove(self, ticket: Ticket) -> None:
        position = next(i for i, entry in enumerate(self._waiting) if entry.ticket is ticket)
        del self._waiting[position]

    def __len__(self) -> int:
        return len(self._waiting)

    def refuse(self, ticket: Ticket, running: int) -> str | None:
        new, places = self._entry(ticket), max(running, 1)
        # Each running request ends in turn and makes room for the tickets ahead.
        position = bisect_right(self._waiting, new)
        ahead_s = self._service_s.overall() + sum(e.service_s for e in self._waiting[:position])
        wait_s, left_s = ahead_s / places, ticket.deadline - ticket.arrived
        if wait_s + new.need_s > left_s:
            return (
                f"its deadline is in {left_s:.3f} s, but earlier requests suggest a wait of "
                f"{wait_s:.3f} s and then up to {new.need_s:.3f} s"
            )
        for other in self._waiting[position:]:
            spare_s = (other.deadline - ticket.arrived - other.need_s) * places - ahead_s
            if 0 <= spare_s < new.service_s:  # below 0: already late
                return f"a request of {other.ticket.handler!r} would then miss its deadline"
            ahead_s += other.service_s
        return None

    def finished(self, handler: str, wall_s: float, cpu_s: float) -> None:
        self._service_s.measured(handler, wall_s, self.options.clock())

    def _entry(self, ticket: Ticket) -> _Entry:
        known = self._service_s.get(ticket.handler)
        service_s = need_s = self._service_s.overall()
        if known is not None:
            remembered: float = 0.5 ** (max(ticket.arrived - known.at, 0.0) / FORGOTTEN_AFTER_S)
            service_s = known.mean * remembered
            need_s = (known.mean + SAFETY * known.deviation) * remembered
        return _Entry(ticket.deadline, next(self._order), ticket, service_s, need_s)
