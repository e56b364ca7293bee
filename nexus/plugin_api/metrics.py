"""What a metrics sink is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from nexus.errors import NexusError
from nexus.model import Handler, Outcome, PoolCounts, Usage


class MetricsSink(Protocol):
    """Is told what happens; from any thread, and at once: the time is the request's."""

    def record(
        self, handler: Handler, usage: Usage, outcome: Outcome, error: NexusError | None
    ) -> None:
        """A run has ended; *usage* is complete and must not be kept."""
        ...

    def refuse(self, handler: str | None, error: NexusError) -> None:
        """A request came to no run; *handler* None: it was for none."""
        ...

    def cache_request(self, result: str) -> None:
        """An artifact was wanted: `hit` or `miss`; or made way for another: `eviction`."""
        ...

    def compilation(self, tier: str, seconds: float) -> None:
        """The compiler called *tier* has compiled a module."""
        ...

    def serving(self, handlers: Iterable[Handler]) -> None:
        """From now on these serve."""
        ...

    def flush(self, now: PoolCounts) -> None:
        """Send or write what was gathered; *now* is how pool and queue are. Called twice a second,
        before a scrape, and once at the end; one thread at a time."""
        ...

    def close(self) -> None:
        """There will be no more calls."""
        ...


class SuspensionSink(MetricsSink, Protocol):
    """A sink that also wants to know of suspensions; others are not told."""

    def suspension(self, outcome: str) -> None:
        """A suspension has ended: `resumed`, `expired`, `cancelled`, `shutdown`; or there was no
        room for it: `refused`."""
        ...
