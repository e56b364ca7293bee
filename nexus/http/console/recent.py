"""Figures of the handlers in the span since this worker's last look at the metrics of all."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from itertools import pairwise
from math import inf
from typing import Any, Final

from nexus.metrics.figures import Figures, Totals, between

LEAST_S: Final = 1.0
"""A span shorter than this gives the figures of the last one: several pages may be open"""
MOST_S: Final = 30.0
"""A look older than this is not compared with: nobody was looking"""


class Recent:
    """The figures now. Thread-safe."""

    def __init__(self, look: Callable[[], Mapping[str, Totals]]) -> None:
        self._look = look
        self._lock = threading.Lock()  # guards the three below
        self._before: Mapping[str, Totals] = {}
        self._since = -MOST_S
        self._found: dict[str, Figures] = {}

    def figures(self) -> dict[str, dict[str, Any]]:
        """Return each handler's figures, as JSON."""
        with self._lock:
            now = time.monotonic()
            seconds = now - self._since
            if seconds >= LEAST_S:
                totals = self._look()
                before = self._before if seconds <= MOST_S else totals
                self._found = between(before, totals, seconds)
                self._before, self._since = totals, now
            return {name: asdict(figures) for name, figures in self._found.items()}

    def histogram(self, name: str) -> list[tuple[float | None, int]]:
        """Return times in seconds, each with how many runs of a handler took up to that long, and
        longer than the time before. The last time is None: it has no limit.

        The runs are counted from the workers' start to the last look.
        """
        with self._lock:
            total = self._before.get(name)
        if total is None:
            return []
        counted = [(0.0, 0.0), *sorted(total.buckets.items())]
        return [
            (None if bound == inf else bound, round(count - fewer))
            for (_, fewer), (bound, count) in pairwise(counted)
        ]
