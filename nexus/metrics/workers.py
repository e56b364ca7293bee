"""A counter in gunicorn's master, for the workers it replaces."""

from __future__ import annotations

from functools import cache

from prometheus_client import Counter

from nexus.metrics.counters import REPLACED

STUCK = "stuck"
"""why a worker was replaced: a guest did not stop"""


def count_stuck() -> None:
    """Count a worker that was replaced because a guest did not stop."""
    _replaced().labels(STUCK).inc()


@cache
def _replaced() -> Counter:
    # Made at the first use: a process that counts nothing leaves no file.
    return Counter(*REPLACED)
