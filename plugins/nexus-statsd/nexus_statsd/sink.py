"""A sink that adds up figures, and sends the sums when it is flushed."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator

from nexus.plugin_api.errors import AdmissionError, NexusError
from nexus.plugin_api.values import Handler, Outcome, PoolCounts, Usage
from nexus_statsd.lines import COUNT, GAUGE, Dialect, datagrams
from nexus_statsd.sums import Samples, Sums
from nexus_statsd.transport import Transport


class StatsdSink:
    """A `MetricsSink`. A request adds to sums in memory; only `flush` makes system calls."""

    def __init__(self, dialect: Dialect, transport: Transport) -> None:
        self._dialect, self._transport = dialect, transport
        self._lock = threading.Lock()  # guards _sums
        self._sums = Sums()
        self._created = 0

    def record(
        self, handler: Handler, usage: Usage, outcome: Outcome, error: NexusError | None
    ) -> None:
        """Add one run."""
        with self._lock:
            sums = self._sums
            found = sums.handler(handler.name)
            found.statuses[outcome.value] = found.statuses.get(outcome.value, 0) + 1
            if error is not None:
                sums.count_error(error)
                if isinstance(error, AdmissionError):
                    return
            found.add(usage)
            sums.queue.add(usage.queue_s)
            sums.acquire.add(usage.acquire_s)
            for function, calls in usage.calls.items():
                sums.count("host_calls", "function", function, calls)
            if usage.overshoot_s >= 0:
                sums.count("watchdog.cancels")

    def refuse(self, handler: str | None, error: NexusError) -> None:
        """Add a request that was refused before a run."""
        with self._lock:
            if handler is not None:
                statuses = self._sums.handler(handler).statuses
                statuses[error.outcome.value] = statuses.get(error.outcome.value, 0) + 1
            self._sums.count_error(error)

    def cache_request(self, result: str) -> None:
        """Add one request to the artifact cache, or one eviction."""
        with self._lock:
            self._sums.count("cache.requests", "result", result)

    def compilation(self, tier: str, seconds: float) -> None:
        """Add one compilation."""
        with self._lock:
            self._sums.compilations.setdefault(tier, Samples()).add(seconds)

    def suspension(self, outcome: str) -> None:
        """Add a suspension that ended."""
        with self._lock:
            self._sums.count("suspensions", "outcome", outcome)

    def serving(self, handlers: Iterable[Handler]) -> None:
        """Do nothing: the compiler that a handler's code comes from is no sum."""

    def flush(self, now: PoolCounts) -> None:
        """Send the sums since the last flush, and the state of pool and queue *now*."""
        with self._lock:
            sums, self._sums = self._sums, Sums()
        lines = [*sums.lines(self._dialect), *self._pool(now)]
        self._transport.send(datagrams(lines, self._transport.most_bytes))

    def close(self) -> None:
        """Close the socket. Nexus flushes for the last time before."""
        self._transport.close()

    def _pool(self, now: PoolCounts) -> Iterator[str]:
        """Yield gauges, each with its worker as a tag: if two workers sent one name, an agent would
        keep only the later value."""
        worker = {"worker": str(os.getpid())}
        for state in ("active", "available", "suspended"):
            tags = {"state": state, **worker}
            yield self._dialect.line("pool.instances", getattr(now, state), GAUGE, tags)
        yield self._dialect.line("queue.depth", now.waiting, GAUGE, worker)
        if now.created > self._created:
            yield self._dialect.line("pool.instances_created", now.created - self._created, COUNT)
            self._created = now.created
