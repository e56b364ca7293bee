"""Tickets by rank: a heap that any ticket can be taken out of."""

from __future__ import annotations

import heapq
import itertools

from nexus.plugin_api.scheduling import Ticket

_Entry = tuple[float, int, Ticket]


class Ranked:
    """Gives the ticket of the lowest rank first; of equal rank the one that came first."""

    def __init__(self) -> None:
        self._heap: list[_Entry] = []
        self._order = itertools.count()
        self._waiting: set[Ticket] = set()
        """what is in the heap and was not removed: that would cost a search"""

    def push(self, rank: float, ticket: Ticket) -> None:
        self._waiting.add(ticket)
        heapq.heappush(self._heap, (rank, next(self._order), ticket))

    def pop(self) -> Ticket | None:
        while self._heap:
            ticket = heapq.heappop(self._heap)[2]
            if ticket in self._waiting:
                self._waiting.remove(ticket)
                return ticket
        return None

    def remove(self, ticket: Ticket) -> None:
        self._waiting.remove(ticket)
        if len(self._heap) > 2 * len(self._waiting) + 8:  # a heap of those that gave up
            self._heap = [entry for entry in self._heap if entry[2] in self._waiting]
            heapq.heapify(self._heap)

    def last(self) -> tuple[float, Ticket] | None:
        """The highest rank and who has it, the last that came; None where nobody waits. Looks at
        every ticket."""
        entries = [entry for entry in self._heap if entry[2] in self._waiting]
        if not entries:
            return None
        rank, _, ticket = max(entries)
        return rank, ticket

    def __len__(self) -> int:
        return len(self._waiting)
