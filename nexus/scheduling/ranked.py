"""Tickets by rank: a heap that allows removing any ticket."""

from __future__ import annotations

import heapq
import itertools

from nexus.plugin_api.scheduling import Ticket

_Entry = tuple[float, int, Ticket]


class Ranked:
    """A heap that returns the ticket of the lowest rank first; of equal ranks, the earliest."""

    def __init__(self) -> None:
        self._heap: list[_Entry] = []
        self._order = itertools.count()
        self._waiting: set[Ticket] = set()
        """tickets not removed; removing from the heap itself would need a search"""

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
        if len(self._heap) > 2 * len(self._waiting) + 8:  # most of the heap has given up
            self._heap = [entry for entry in self._heap if entry[2] in self._waiting]
            heapq.heapify(self._heap)

    def last(self) -> tuple[float, Ticket] | None:
        """Return the highest rank and its latest ticket; None if no ticket waits. Visits every
        ticket."""
        entries = [entry for entry in self._heap if entry[2] in self._waiting]
        if not entries:
            return None
        rank, _, ticket = max(entries)
        return rank, ticket

    def __len__(self) -> int:
        return len(self._waiting)
