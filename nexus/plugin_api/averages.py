"""Moving averages by handler: the expected time of a request, from earlier requests."""

from __future__ import annotations

from typing import NamedTuple

ALPHA = 0.2
"""Weight of the newest measurement: the last five make two thirds of the average"""
STRANGER = 0.05
"""Weight of the newest one in the average over all handlers, used for a handler not yet measured"""


class Average(NamedTuple):
    mean: float
    deviation: float
    """mean distance from the mean"""
    at: float
    """time of the last measurement, monotonic seconds"""


class MovingAverages:
    """Exponentially weighted averages, one for each handler and one over all."""

    def __init__(self) -> None:
        self._known: dict[str, Average] = {}
        self._overall: float | None = None

    def measured(self, handler: str, value: float, now: float) -> None:
        known = self._known.get(handler)
        if known is None:
            self._known[handler] = Average(value, 0.0, now)
        else:
            # Like TCP's round-trip estimate (RFC 6298 section 2.3).
            off = value - known.mean
            deviation = known.deviation + ALPHA * (abs(off) - known.deviation)
            self._known[handler] = Average(known.mean + ALPHA * off, deviation, now)
        overall = value if self._overall is None else self._overall
        self._overall = overall + STRANGER * (value - overall)

    def get(self, handler: str) -> Average | None:
        """Return the average of *handler*; None if it was never measured."""
        return self._known.get(handler)

    def of(self, handler: str) -> float:
        """Return the average of *handler*, else the one over all; 0 if nothing was measured."""
        known = self._known.get(handler)
        return self.overall() if known is None else known.mean

    def overall(self) -> float:
        """Return the average over all measurements; 0 if nothing was measured."""
        return self._overall or 0.0
