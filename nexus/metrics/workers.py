"""What gunicorn's master counts of its workers."""

from __future__ import annotations

from functools import cache

from prometheus_client import Counter


def count_stuck() -> None:
    """Count a worker that was replaced because a guest did not stop."""
    _replaced().labels("stuck").inc()


@cache
def _replaced() -> Counter:
    # Made at the first use: a process that counts nothing leaves no file.
    return Counter("nexus_workers_replaced", "Workers that had to be replaced", ["reason"])
