"""When to look after which suspended run: a heap whose outdated entries are passed over.

The pattern is that of Python's documentation of heapq, "Priority Queue Implementation Notes".
"""

from __future__ import annotations

import heapq
import itertools
from typing import Final

from nexus.suspension.record import Record

OUTDATED: Final = 64
"""Outdated entries that may lie beside one for each record; beyond, they are dropped, since each
keeps a run and its guest alive"""


class Agenda:
    """Records by the time when each is due. Not thread-safe."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, int, Record]] = []
        """(when due, a number, version, record); outdated if the record has another version"""
        self._numbers = itertools.count()

    def __len__(self) -> int:
        return len(self._heap)

    def enter(self, record: Record) -> bool:
        """Enter a record of a new version; return whether it is the next to be due."""
        due = min(record.expires(), record.wakes)
        entry = (due, next(self._numbers), record.version, record)
        heapq.heappush(self._heap, entry)
        return self._heap[0] is entry

    def tidy(self, records: int) -> None:
        """Drop outdated entries if there are many more than *records*."""
        if len(self._heap) > records + OUTDATED:
            self._heap = [entry for entry in self._heap if entry[3].version == entry[2]]
            heapq.heapify(self._heap)

    def take_due(self, now: float) -> Record | None:
        """Take the record that is due first, if it is due."""
        due = self.next_due()
        if due is None or due > now:
            return None
        return heapq.heappop(self._heap)[3]

    def next_due(self) -> float | None:
        """Return when the next record is due; None without records."""
        while self._heap and self._heap[0][3].version != self._heap[0][2]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None
