"""The interface of a metrics sink."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from nexus.errors import NexusError
from nexus.model import Handler, OutboundRecord, Outcome, PoolCounts, ScheduledRun, Usage


class MetricsSink(Protocol):
    """Records events. Called from any thread; it must return at once, as the request waits."""

    def record(
        self, handler: Handler, usage: Usage, outcome: Outcome, error: NexusError | None
    ) -> None:
        """Record a run that has ended; *usage* is complete and must not be kept."""
        ...

    def refuse(self, handler: str | None, error: NexusError) -> None:
        """Record a request that was not run; *handler* None: it was not for a handler."""
        ...

    def cache_request(self, result: str) -> None:
        """Record a cache event: `hit`, `miss`, or `eviction` of an artifact for another."""
        ...

    def compilation(self, tier: str, seconds: float) -> None:
        """Record that the compiler called *tier* has compiled a module."""
        ...

    def serving(self, handlers: Iterable[Handler]) -> None:
        """Record the handlers that serve from now on."""
        ...

    def flush(self, now: PoolCounts) -> None:
        """Send or write the records; *now* has the counts of pool and queue. Called twice a second,
        before a scrape, and once at the end; one thread at a time."""
        ...

    def close(self) -> None:
        """End; there will be no more calls."""
        ...


class SuspensionSink(MetricsSink, Protocol):
    """A sink that also records suspensions, outbound requests and schedules. A plugin's sink may
    have any of these methods, or none of them."""

    def scheduled(self, run: ScheduledRun) -> None:
        """Record due times of a handler's schedule that a worker saw to."""
        ...

    def outbound(self, record: OutboundRecord) -> None:
        """Record an outbound request that has ended."""
        ...

    def suspension(self, outcome: str) -> None:
        """Record that a suspension ended (`resumed`, `expired`, `cancelled`, `shutdown`), or that
        there was no room for it (`refused`)."""
        ...
