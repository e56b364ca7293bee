"""Plain sums since the last flush. No locks: `PathMetrics` has them."""

from __future__ import annotations

from nexus.errors import AdmissionError, NexusError
from nexus.metrics.distribution import Distribution
from nexus.model import KeyValueUse, Usage


class HandlerTally:
    """Totals for one handler since the last flush."""

    __slots__ = (
        "cpu_s",
        "instructions",
        "memory_peak_bytes",
        "seconds",
        "statuses",
        "throttled_s",
    )

    def __init__(self) -> None:
        self.statuses: dict[str, int] = {}
        self.seconds = Distribution()
        self.cpu_s = 0.0
        self.throttled_s = 0.0
        self.instructions = 0
        self.memory_peak_bytes = 0

    def count(self, status: str) -> None:
        """Count one run that ended with *status*."""
        self.statuses[status] = self.statuses.get(status, 0) + 1

    def add(self, usage: Usage) -> None:
        """Add one run's measurements."""
        self.seconds.observe(usage.duration_s)
        self.cpu_s += usage.cpu_s
        self.throttled_s += usage.throttled_s
        self.instructions += usage.instructions
        if usage.memory_peak_bytes > self.memory_peak_bytes:
            self.memory_peak_bytes = usage.memory_peak_bytes


class Tally:
    """Totals for all handlers since the last flush."""

    def __init__(self) -> None:
        self.handlers: dict[str, HandlerTally] = {}
        self.errors: dict[str, int] = {}
        self.rejected: dict[str, int] = {}
        self.host_calls: dict[str, int] = {}
        self.queue = Distribution()
        self.acquire = Distribution()
        self.overshoot = Distribution()
        self.cancels = 0
        self.kv_operations: dict[tuple[str, ...], float] = {}
        self.kv_seconds: dict[tuple[str, ...], float] = {}
        self.kv_bytes: dict[tuple[str, ...], float] = {}

    def handler(self, counted_as: str) -> HandlerTally:
        """Return the tally of a handler, or of its version (`nexus.model.Handler.counted_as`)."""
        found = self.handlers.get(counted_as)
        if found is None:
            found = self.handlers[counted_as] = HandlerTally()
        return found

    def count_error(self, error: NexusError) -> None:
        """Count one error by its code; an AdmissionError also by its reason."""
        self.add(self.errors, error.code)
        if isinstance(error, AdmissionError):
            self.add(self.rejected, error.reason)

    def add_key_value(self, handler: str, use: KeyValueUse) -> None:
        """Add one run's calls of the key-value store."""
        sums = (
            (self.kv_operations, {(handler, *label): n for label, n in use.calls.items()}),
            (self.kv_seconds, {(handler, name): s for name, s in use.seconds.items()}),
            (
                self.kv_bytes,
                {(handler, "read"): use.read_bytes, (handler, "written"): use.written_bytes},
            ),
        )
        for totals, found in sums:
            for labels, value in found.items():
                totals[labels] = totals.get(labels, 0) + value

    @staticmethod
    def add(counts: dict[str, int], label: str, count: int = 1) -> None:
        """Add *count* to the count with this *label*."""
        counts[label] = counts.get(label, 0) + count
