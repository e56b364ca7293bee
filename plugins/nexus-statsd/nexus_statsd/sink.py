"""Adds up what it is told, and sends the sums when it is flushed."""

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
        """Add a request that came to no run."""
        with self._lock:
            if handler is not None:
                statuses = self._sums.handler(handler).statuses
                statuses[error.outcome.value] = statuses.get(error.outcome.value, 0) + 1
            self._sums.count_error(error)

    def cache_request(self, result: str) -> None:
        """Add an artifact that was wanted, or made way."""
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
        """Nothing to add: which compiler's code a handler serves with is no sum."""

    def flush(self, now: PoolCounts) -> None:
        """Send the sums since the last flush, and how pool and queue are *now*."""
        with self._lock:
            sums, self._sums = self._sums, Sums()
        lines = [*sums.lines(self._dialect), *self._pool(now)]
        self._transport.send(datagrams(lines, self._transport.most_bytes))

    def close(self) -> None:
        """Let go of the socket; the last flush came before."""
        self._transport.close()

    def _pool(self, now: PoolCounts) -> Iterator[str]:
        """Gauges, each with its worker as a tag: of two with one name an agent keeps the later."""
        worker = {"worker": str(os.getpid())}
        for state in ("active", "available", "suspended"):
            tags = {"state": state, **worker}
            yield self._dialect.line("pool.instances", getattr(now, state), GAUGE, tags)
        yield self._dialect.line("queue.depth", now.waiting, GAUGE, worker)
        if now.created > self._created:
            yield self._dialect.line("pool.instances_created", now.created - self._created, COUNT)
            self._created = now.created
