"""Sums since the last flush. They have no lock: the sink's lock guards them."""

from __future__ import annotations

import random
from collections.abc import Iterator

from nexus.plugin_api.errors import AdmissionError, NexusError
from nexus.plugin_api.values import Usage
from nexus_statsd.lines import COUNT, GAUGE, TIME, Dialect, Tags

KEPT = 50
"""How many values of one timing are kept between two flushes. With a flush each 0.5 s that is 100
values/s for each worker and handler, enough for an agent's p99 over a minute; a datagram carries
about 20 of them."""


class Samples:
    """A fair sample of times, so that a busy second costs no more than a quiet one."""

    __slots__ = ("kept_ms", "seen")

    def __init__(self) -> None:
        self.kept_ms: list[float] = []
        self.seen = 0

    def add(self, seconds: float) -> None:
        """Add a time; each has the same chance to be kept (reservoir sampling)."""
        self.seen += 1
        if len(self.kept_ms) < KEPT:
            self.kept_ms.append(seconds * 1000)
        elif (place := int(random.random() * self.seen)) < KEPT:
            self.kept_ms[place] = seconds * 1000

    def lines(self, dialect: Dialect, name: str, tags: Tags | None = None) -> Iterator[str]:
        """Yield the kept times with their rate, from which the agent derives the full count."""
        rate = len(self.kept_ms) / self.seen if self.seen else 1.0
        return (dialect.line(name, value, TIME, tags, rate) for value in self.kept_ms)


class HandlerSums:
    """Sums for one handler since the last flush."""

    __slots__ = ("cpu_s", "instructions", "peak_bytes", "seconds", "statuses", "throttled_s")

    def __init__(self) -> None:
        self.statuses: dict[str, int] = {}
        self.seconds = Samples()
        self.cpu_s = self.throttled_s = 0.0
        self.instructions = self.peak_bytes = 0

    def add(self, usage: Usage) -> None:
        """Add the usage of one run."""
        self.seconds.add(usage.duration_s)
        self.cpu_s += usage.cpu_s
        self.throttled_s += usage.throttled_s
        self.instructions += usage.instructions
        self.peak_bytes = max(self.peak_bytes, usage.memory_peak_bytes)

    def lines(self, dialect: Dialect, handler: str) -> Iterator[str]:
        """Yield a line for each sum that is not zero."""
        tags = {"handler": handler}
        for status, count in self.statuses.items():
            yield dialect.line("handler.executions", count, COUNT, {**tags, "status": status})
        yield from self.seconds.lines(dialect, "handler.execution_time", tags)
        for name, value, kind in (
            ("handler.cpu_seconds", self.cpu_s, COUNT),
            ("handler.throttled_seconds", self.throttled_s, COUNT),
            ("handler.instructions", self.instructions, COUNT),
            ("handler.memory_peak_bytes", self.peak_bytes, GAUGE),
        ):
            if value:
                yield dialect.line(name, value, kind, tags)


class Sums:
    """Sums for one worker since the last flush."""

    def __init__(self) -> None:
        self.handlers: dict[str, HandlerSums] = {}
        self.counts: dict[tuple[str, str, str], float] = {}
        """maps (metric, tag, tag's value) to a sum; tag and value are empty if there is no tag"""
        self.queue, self.acquire = Samples(), Samples()
        self.compilations: dict[str, Samples] = {}

    def handler(self, name: str) -> HandlerSums:
        """Return the sums of the handler called *name*."""
        found = self.handlers.get(name)
        if found is None:
            found = self.handlers[name] = HandlerSums()
        return found

    def count(self, metric: str, tag: str = "", value: str = "", by: float = 1) -> None:
        """Add to a counter."""
        key = (metric, tag, value)
        self.counts[key] = self.counts.get(key, 0) + by

    def count_error(self, error: NexusError) -> None:
        """Count one error by its code, and an AdmissionError by its reason, too."""
        self.count("errors", "code", error.code)
        if isinstance(error, AdmissionError):
            self.count("rejected", "reason", error.reason)

    def lines(self, dialect: Dialect) -> Iterator[str]:
        """Yield all sums as lines for the agent."""
        for name, found in self.handlers.items():
            yield from found.lines(dialect, name)
        for (metric, tag, value), total in self.counts.items():
            yield dialect.line(metric, total, COUNT, {tag: value} if tag else None)
        yield from self.queue.lines(dialect, "queue.wait_time")
        yield from self.acquire.lines(dialect, "pool.acquire_time")
        for tier, samples in self.compilations.items():
            yield from samples.lines(dialect, "compile_time", {"tier": tier})
