"""A gauge whose series fall to 0 when their labels are gone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from prometheus_client import Gauge

Labels: TypeAlias = tuple[str, ...]


class CurrentGauge:
    """Sets the series of *gauge* that hold now, and those that held before to 0: by itself a gauge
    keeps their last value. Used by one thread at a time."""

    def __init__(self, gauge: Gauge) -> None:
        self._gauge = gauge
        self._set: set[Labels] = set()

    def show(self, now: Mapping[Labels, float]) -> None:
        """Set the series in *now*, by the values of their labels, and all others to 0."""
        for labels in self._set - now.keys():
            self._gauge.labels(*labels).set(0)
        for labels, value in now.items():
            self._gauge.labels(*labels).set(value)
        self._set |= now.keys()
