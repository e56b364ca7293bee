"""The data path's metrics for `/metrics` (docs/operations.md lists their names)."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from nexus.errors import AdmissionError, NexusError
from nexus.metrics import counters
from nexus.metrics.current import CurrentGauge
from nexus.metrics.distribution import SECONDS, add
from nexus.metrics.tally import HandlerTally, Tally
from nexus.metrics.versions import VersionMetrics
from nexus.model import Handler, OutboundRecord, Outcome, PoolCounts, ScheduledRun, Usage

COMPILE_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)


class PathMetrics:
    """Counts every run. Thread-safe; `record` adds up, `flush` writes to prometheus_client."""

    def __init__(self, registry: CollectorRegistry | None) -> None:
        """*registry* None: the values live in prometheus_client's multiprocess files alone."""
        on = registry
        per_handler = ["handler"]
        self._executions = Counter(*counters.EXECUTIONS, registry=on)
        self._seconds = Histogram(
            "nexus_handler_execution_seconds",
            "Wall time, arrival to result",
            per_handler,
            buckets=SECONDS,
            registry=on,
        )
        self._versions = VersionMetrics(registry)
        self._cpu = Counter(*counters.CPU, registry=on)
        self._throttled = Counter(*counters.THROTTLED, registry=on)
        self._instructions = Counter(*counters.INSTRUCTIONS, registry=on)
        self._memory = Gauge(
            "nexus_handler_memory_peak_bytes",
            "Most linear memory a run had",
            per_handler,
            registry=on,
            multiprocess_mode="max",
        )
        self._errors = Counter(*counters.ERRORS, registry=on)
        self._rejected = Counter(*counters.REJECTED, registry=on)
        self._host_calls = Counter(*counters.HOST_CALLS, registry=on)
        self._kv_operations = Counter(*counters.KV_OPERATIONS, registry=on)
        self._kv_seconds = Counter(*counters.KV_SECONDS, registry=on)
        self._kv_bytes = Counter(*counters.KV_BYTES, registry=on)
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
        self._cache = Counter(*counters.CACHE, registry=on)
        self._evictions = Counter(
            "nexus_cache_evictions", "Artifacts deleted to make room", registry=on
        )
        self._suspensions = Counter(*counters.SUSPENSIONS, registry=on)
        self._scheduled = Counter(*counters.SCHEDULED, registry=on)
        self._outbound = Counter(*counters.OUTBOUND, registry=on)
        self._outbound_bytes = Counter(*counters.OUTBOUND_BYTES, registry=on)
        self._outbound_seconds = Histogram(
            "nexus_outbound_seconds",
            "Time of outbound requests, redirects and body included",
            ["handler", "host"],
            buckets=SECONDS,
            registry=on,
        )
        self._compile = Histogram(
            "nexus_compile_seconds",
            "Time of one compilation",
            ["tier"],
            buckets=COMPILE_SECONDS,
            registry=on,
        )
        self._pool = Gauge(
            "nexus_pool_instances",
            "Instances now",
            ["state"],
            registry=on,
            multiprocess_mode="livesum",
        )
        self._created = Counter("nexus_pool_instances_created", "Instances made", registry=on)
        self._depth = Gauge(
            "nexus_queue_depth", "Requests waiting now", registry=on, multiprocess_mode="livesum"
        )
        self._limit = Gauge(
            "nexus_queue_limit",
            "Requests that may run at once now",
            registry=on,
            multiprocess_mode="livesum",
        )
        self._compiler = CurrentGauge(
            Gauge(
                "nexus_handler_compiler",
                "1: the handler serves with this compiler's code",
                ["handler", "compiler"],
                registry=on,
                multiprocess_mode="livemax",
            )
        )
        self._lock = threading.Lock()  # guards the fields below
        self._tally = Tally()
        self._seen = PoolCounts()
        self._peaks: dict[str, int] = {}
        self._flushing = threading.Lock()  # one flush at a time

    def record(
        self, handler: Handler, usage: Usage, outcome: Outcome, error: NexusError | None
    ) -> None:
        """Count one run that has ended."""
        with self._lock:
            tally = self._tally
            found = tally.handler(handler.counted_as)
            found.count(outcome._value_)  # `value` is two calls of functions in Python
            if error is not None:
                tally.count_error(error)
                if isinstance(error, AdmissionError):
                    return
            found.add(usage)
            tally.acquire.observe(usage.acquire_s)
            tally.queue.observe(usage.queue_s)
            for function, calls in usage.calls.items():
                tally.add(tally.host_calls, function, calls)
            if usage.key_value is not None:
                tally.add_key_value(handler.name, usage.key_value)
            if usage.overshoot_s >= 0:
                tally.cancels += 1
                tally.overshoot.observe(usage.overshoot_s)

    def refuse(self, handler: str | None, error: NexusError) -> None:
        """Count a request that was not run; *handler* None: it was not for a handler."""
        with self._lock:
            if handler is not None:
                self._tally.handler(handler).count(error.outcome.value)
            self._tally.count_error(error)

    def cache_request(self, result: str) -> None:
        """Count a cache event: `hit`, `miss`, or `eviction` of an artifact for another."""
        if result == "eviction":
            self._evictions.inc()
        else:
            self._cache.labels(result).inc()

    def suspension(self, outcome: str) -> None:
        """Count a suspension that ended (`resumed`, `ended`, `expired`, `cancelled`, `shutdown`),
        or one that there was no room for (`refused`)."""
        self._suspensions.labels(outcome).inc()

    def outbound(self, record: OutboundRecord) -> None:
        """Count one outbound request that has ended."""
        labels = record.handler, record.host
        self._outbound.labels(*labels, record.outcome).inc()
        if not record.host:  # it was not sent
            return
        self._outbound_seconds.labels(*labels).observe(record.duration_s)
        self._outbound_bytes.labels(*labels, "sent").inc(record.sent_bytes)
        self._outbound_bytes.labels(*labels, "received").inc(record.received_bytes)

    def scheduled(self, run: ScheduledRun) -> None:
        """Count due times of a schedule."""
        self._scheduled.labels(run.handler, run.outcome).inc(run.count)

    def compilation(self, tier: str, seconds: float) -> None:
        """Count one compilation."""
        self._compile.labels(tier).observe(seconds)

    def serving(self, handlers: Iterable[Handler]) -> None:
        """Record which compiler's code each handler serves with, and which versions serve. Called
        by one thread at a time."""
        known = list(handlers)
        self._versions.serving(known)
        self._compiler.show({(handler.name, handler.compiled.tier): 1 for handler in known})

    def flush(self, now: PoolCounts) -> None:
        """Write the counts since the last flush, and *now*, the counts of pool and queue."""
        with self._flushing:
            with self._lock:
                tally, self._tally = self._tally, Tally()
            for counted_as, found in tally.handlers.items():
                name, _, version = counted_as.partition("\0")
                self._write_handler(name, found)
                if version:
                    self._versions.write(name, version, found)
            for counter, counts in (
                (self._errors, tally.errors),
                (self._rejected, tally.rejected),
                (self._host_calls, tally.host_calls),
            ):
                for label, count in counts.items():
                    counter.labels(label).inc(count)
            for kv_counter, sums in (
                (self._kv_operations, tally.kv_operations),
                (self._kv_seconds, tally.kv_seconds),
                (self._kv_bytes, tally.kv_bytes),
            ):
                for labels, total in sums.items():
                    kv_counter.labels(*labels).inc(total)
            add(self._queue, tally.queue)
            add(self._acquire, tally.acquire)
            self._cancels.inc(tally.cancels)
            add(self._overshoot, tally.overshoot)
            self._write_pool(now)

    def close(self) -> None:
        """Do nothing: the last `flush` has written everything."""

    def _write_handler(self, name: str, found: HandlerTally) -> None:
        for status, count in found.statuses.items():
            self._executions.labels(name, status).inc(count)
        add(self._seconds.labels(name), found.seconds)
        self._cpu.labels(name).inc(found.cpu_s)
        if found.throttled_s:
            self._throttled.labels(name).inc(found.throttled_s)
        self._instructions.labels(name).inc(found.instructions)
        if found.memory_peak_bytes > self._peaks.get(name, 0):
            self._peaks[name] = found.memory_peak_bytes
            self._memory.labels(name).set(found.memory_peak_bytes)

    def _write_pool(self, now: PoolCounts) -> None:
        self._pool.labels("active").set(now.active)
        self._pool.labels("available").set(now.available)
        self._pool.labels("suspended").set(now.suspended)
        self._depth.set(now.waiting)
        self._limit.set(now.limit)
        self._created.inc(now.created - self._seen.created)
        self._seen = now
