"""What `/metrics` says of the data path (names: DESIGN section 6)."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from nexus.errors import AdmissionError, NexusError
from nexus.model import Handler, Outcome, Usage

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class PathMetrics:
    """Counts every run. Thread-safe; `record` never raises on its arguments."""

    def __init__(self, registry: CollectorRegistry | None) -> None:
        """*registry* None: the values live in prometheus_client's multiprocess files alone."""
        on = registry
        self._executions = Counter(
            "nexus_handler_executions", "Runs by outcome", ["handler", "status"], registry=on
        )
        self._seconds = Histogram(
            "nexus_handler_execution_seconds",
            "Wall time from arrival to result",
            ["handler"],
            buckets=SECONDS,
            registry=on,
        )
        self._cpu = Counter(
            "nexus_handler_cpu_seconds", "CPU time of runs", ["handler"], registry=on
        )
        self._instructions = Counter(
            "nexus_handler_instructions", "Metered instructions", ["handler"], registry=on
        )
        self._memory = Gauge(
            "nexus_handler_memory_peak_bytes",
            "Most linear memory a run had",
            ["handler"],
            registry=on,
            multiprocess_mode="max",
        )
        self._errors = Counter("nexus_errors", "Failed runs by code", ["code"], registry=on)
        self._rejected = Counter("nexus_rejected", "Requests turned away", ["reason"], registry=on)
        self._queue = Histogram(
            "nexus_queue_wait_seconds", "Wait for admission", buckets=SECONDS, registry=on
        )
        self._acquire = Histogram(
            "nexus_pool_acquire_seconds", "Wait for an instance", buckets=SECONDS, registry=on
        )
        self._cancels = Counter(
            "nexus_watchdog_cancels", "Runs cancelled at their deadline", registry=on
        )
        self._overshoot = Histogram(
            "nexus_watchdog_overshoot_seconds",
            "How late after its deadline a cancelled run ended",
            buckets=SECONDS,
            registry=on,
        )
        self._peaks: dict[str, int] = {}

    def record(
        self, handler: Handler, usage: Usage, outcome: Outcome, error: NexusError | None
    ) -> None:
        """Count one run that has ended."""
        name = handler.name
        self._executions.labels(name, outcome.value).inc()
        if error is not None:
            self._errors.labels(error.code).inc()
            if isinstance(error, AdmissionError):
                self._rejected.labels(error.reason).inc()
                return
        self._seconds.labels(name).observe(usage.duration_s)
        self._cpu.labels(name).inc(usage.cpu_s)
        self._instructions.labels(name).inc(usage.instructions)
        self._acquire.observe(usage.acquire_s)
        self._queue.observe(usage.queue_s)
        if usage.overshoot_s >= 0:
            self._cancels.inc()
            self._overshoot.observe(usage.overshoot_s)
        if usage.memory_peak_bytes > self._peaks.get(name, 0):
            self._peaks[name] = usage.memory_peak_bytes
            self._memory.labels(name).set(usage.memory_peak_bytes)
