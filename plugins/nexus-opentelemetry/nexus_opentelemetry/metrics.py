"""A sink that passes figures to the SDK's instruments, which add them up in the process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from opentelemetry.metrics import CallbackOptions, Observation

from nexus.plugin_api.errors import AdmissionError, NexusError
from nexus.plugin_api.values import Handler, Outcome, PoolCounts, Usage
from nexus_opentelemetry.providers import Metrics

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
"""Bounds of the histograms' buckets, the same as in `/metrics`."""


class OtelSink:
    """A `MetricsSink`. The SDK exports the figures on its own thread."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._now = PoolCounts()
        meter = metrics.provider.get_meter("nexus")
        self._executions = meter.create_counter("nexus.handler.executions", "{run}", "Runs")
        self._cpu = meter.create_counter("nexus.handler.cpu_time", "s", "CPU time of runs")
        self._instructions = meter.create_counter(
            "nexus.handler.instructions", "{instruction}", "Metered instructions"
        )
        self._errors = meter.create_counter("nexus.errors", "{run}", "Failed runs by code")
        self._rejected = meter.create_counter("nexus.rejected", "{request}", "Rejected requests")
        self._cache = meter.create_counter("nexus.cache.requests", "{request}", "Artifacts wanted")
        self._suspensions = meter.create_counter(
            "nexus.suspensions", "{suspension}", "Suspended executions by how that ended"
        )
        self._seconds, self._queue, self._acquire, self._compile = (
            meter.create_histogram(
                f"nexus.{name}", "s", text, explicit_bucket_boundaries_advisory=bounds
            )
            for name, text, bounds in (
                ("handler.execution_time", "Wall time, arrival to result", SECONDS),
                ("queue.wait_time", "Wait for admission", SECONDS),
                ("pool.acquire_time", "Wait for an instance", SECONDS),
                ("compile_time", "Time of one compilation", (*SECONDS, 30, 60, 120)),
            )
        )
        meter.create_observable_gauge(
            "nexus.pool.instances", [self._instances], "{instance}", "Instances now"
        )
        meter.create_observable_gauge(
            "nexus.queue.depth", [self._depth], "{request}", "Requests waiting now"
        )

    def record(
        self, handler: Handler, usage: Usage, outcome: Outcome, error: NexusError | None
    ) -> None:
        """Count one run."""
        of = {"handler": handler.name}
        self._executions.add(1, {**of, "status": outcome.value})
        if error is not None:
            self._count_error(error)
            if isinstance(error, AdmissionError):
                return
        self._seconds.record(usage.duration_s, of)
        self._cpu.add(max(0.0, usage.cpu_s), of)
        self._instructions.add(usage.instructions, of)
        self._queue.record(usage.queue_s)
        self._acquire.record(usage.acquire_s)

    def refuse(self, handler: str | None, error: NexusError) -> None:
        """Count a request that was refused before a run."""
        if handler is not None:
            self._executions.add(1, {"handler": handler, "status": error.outcome.value})
        self._count_error(error)

    def cache_request(self, result: str) -> None:
        """Count one request to the artifact cache, or one eviction."""
        self._cache.add(1, {"result": result})

    def compilation(self, tier: str, seconds: float) -> None:
        """Count one compilation."""
        self._compile.record(seconds, {"tier": tier})

    def suspension(self, outcome: str) -> None:
        """Count a suspension that ended."""
        self._suspensions.add(1, {"outcome": outcome})

    def serving(self, handlers: Iterable[Handler]) -> None:
        """Do nothing: the handlers that serve are no sum."""

    def flush(self, now: PoolCounts) -> None:
        """Keep the state of pool and queue until the SDK exports it."""
        self._now = now

    def close(self) -> None:
        """Export for the last time."""
        self._metrics.close()

    def _count_error(self, error: NexusError) -> None:
        self._errors.add(1, {"code": error.code})
        if isinstance(error, AdmissionError):
            self._rejected.add(1, {"reason": error.reason})

    def _instances(self, options: CallbackOptions) -> Iterator[Observation]:
        now = self._now
        yield Observation(now.active, {"state": "active"})
        yield Observation(now.available, {"state": "available"})
        yield Observation(now.suspended, {"state": "suspended"})

    def _depth(self, options: CallbackOptions) -> Iterator[Observation]:
        yield Observation(self._now.waiting)
