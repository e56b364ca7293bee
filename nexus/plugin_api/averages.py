"""Moving averages by handler: what a request is expected to take, from those before it."""

from __future__ import annotations

from typing import NamedTuple

ALPHA = 0.2
"""weight of the newest measurement: the last five make two thirds of the average"""
STRANGER = 0.05
"""the same for the average over all handlers, which stands in for one not measured yet"""


class Average(NamedTuple):
    mean: float
    deviation: float
    """mean distance from the mean"""
    at: float
    """when it was measured last, monotonic seconds"""


class MovingAverages:
    """Exponentially weighted, one for each handler and one over all."""

    def __init__(self) -> None:
        self._known: dict[str, Average] = {}
        self._overall: float | None = None

    def measured(self, handler: str, value: float, now: float) -> None:
        known = self._known.get(handler)
        if known is None:
            self._known[handler] = Average(value, 0.0, now)
        else:
            # As TCP does for round trips (RFC 6298 section 2.3).
            off = value - known.mean
            deviation = known.deviation + ALPHA * (abs(off) - known.deviation)
            self._known[handler] = Average(known.mean + ALPHA * off, deviation, now)
        overall = value if self._overall is None else self._overall
        self._overall = overall + STRANGER * (value - overall)

    def get(self, handler: str) -> Average | None:
        """What is known of *handler*; None: it was never measured."""
        return self._known.get(handler)

    def of(self, handler: str) -> float:
        """The average of *handler*, or the one over all; 0 while nothing at all was measured."""
        known = self._known.get(handler)
        return self.overall() if known is None else known.mean

    def overall(self) -> float:
        """The average over all measurements; 0 while there are none."""
        return self._overall or 0.0
