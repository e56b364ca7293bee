"""Histograms that take many observations at once.

One `observe` of prometheus_client writes to two mapped files and takes 4 µs, a tenth of what Nexus
itself spends on a request; adding up in plain lists and writing twice a second takes 0.2 µs.
"""

from __future__ import annotations

from bisect import bisect_left

from prometheus_client import Histogram

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the buckets of all our histograms"""


class Distribution:
    """Observations since the last flush. It has no lock: its owner does."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * (len(SECONDS) + 1)
        self.total = 0.0

    def observe(self, seconds: float) -> None:
        """Count one observation."""
        self.counts[bisect_left(SECONDS, seconds)] += 1
        self.total += seconds


def add(histogram: Histogram, found: Distribution) -> None:
    """Add all observations of *found* to *histogram*, whose bounds are `SECONDS`."""
    # prometheus_client has no public method for this; a test compares the result with `observe`.
    histogram._sum.inc(found.total)
    for bucket, count in zip(histogram._buckets, found.counts, strict=True):
        if count:
            bucket.inc(count)
