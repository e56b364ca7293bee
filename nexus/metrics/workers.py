"""A counter in gunicorn's master, for the workers it replaces."""

from __future__ import annotations

from functools import cache

from prometheus_client import Counter


def count_stuck() -> None:
    """Count a worker that was replaced because a guest did not stop."""
    _replaced().labels("stuck").inc()


@cache
def _replaced() -> Counter:
    # Made at the first use: a process that counts nothing must not leave a file.
    return Counter("nexus_workers_replaced", "Workers that had to be replaced", ["reason"])
