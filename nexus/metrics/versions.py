"""Metrics of deployed versions: which of them serve, and the runs of those that share requests."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from nexus.metrics import counters
from nexus.metrics.current import CurrentGauge
from nexus.metrics.distribution import SECONDS, add
from nexus.metrics.tally import HandlerTally
from nexus.model import Handler


class VersionMetrics:
    """The part of `PathMetrics` that has the label `version`."""

    def __init__(self, registry: CollectorRegistry | None) -> None:
        self._weight = CurrentGauge(
            Gauge(
                "nexus_handler_version",
                "How many of a hundred requests the version serves",
                ["handler", "version"],
                registry=registry,
                multiprocess_mode="livemax",
            )
        )
        self._executions = Counter(*counters.VERSION_EXECUTIONS, registry=registry)
        self._seconds = Histogram(
            "nexus_version_execution_seconds",
            "Wall time of runs of versions that share their handler's requests",
            ["handler", "version"],
            buckets=SECONDS,
            registry=registry,
        )

    def serving(self, handlers: Iterable[Handler]) -> None:
        """Record the versions that serve. Called by one thread at a time."""
        self._weight.show(
            {
                (handler.name, handler.version): handler.weight
                for handler in handlers
                if handler.version
            }
        )

    def write(self, name: str, version: str, found: HandlerTally) -> None:
        """Write the runs of a version since the last flush."""
        for status, count in found.statuses.items():
            self._executions.labels(name, version, status).inc(count)
        add(self._seconds.labels(name, version), found.seconds)


class SharedArtifactCounts:
    """`nexus_shared_artifacts_total`: what came of compiled code in the store of versions."""

    def __init__(self, registry: CollectorRegistry | None) -> None:
        self._counts = Counter(*counters.SHARED_ARTIFACTS, registry=registry)

    def count(self, result: str) -> None:
        """Count one artifact that was `taken`, `missing`, `refused`, `put`, or `failed`."""
        self._counts.labels(result).inc()


class VersionStoreIsUp:
    """`nexus_version_store_up`: 0 if a worker cannot read the store of versions."""

    def __init__(self, registry: CollectorRegistry | None) -> None:
        self._up = Gauge(
            "nexus_version_store_up",
            "1: all workers can read the store of versions",
            registry=registry,
            multiprocess_mode="livemin",
        )
        self._up.set(1)  # until a look finds out otherwise

    def set(self, is_up: bool) -> None:
        """Record whether this worker could read it the last time."""
        self._up.set(int(is_up))
