"""`fifo`: first come, first served."""

from __future__ import annotations

from collections import deque

from nexus.plugin_api.scheduling import DEFAULTS, PolicyBase, PolicyOptions, Ticket


class Fifo(PolicyBase):
    """First come, first served."""

    def __init__(self, options: PolicyOptions = DEFAULTS) -> None:
        super().__init__(options)
        self._tickets: deque[Ticket] = deque()

    def push(self, ticket: Ticket) -> None:
        self._tickets.append(ticket)

    def pop(self) -> Ticket | None:
        return self._tickets.popleft() if self._tickets else None

    def remove(self, ticket: Ticket) -> None:
        self._tickets.remove(ticket)

    def __len__(self) -> int:
        return len(self._tickets)
