"""Measurements: of one execution, and of a worker's pool and queue."""

from __future__ import annotations

from dataclasses import dataclass


class KeyValueUse:
    """One execution's calls of the key-value store."""

    def __init__(self) -> None:
        self.calls: dict[tuple[str, str], int] = {}
        """by operation and outcome"""
        self.seconds: dict[str, float] = {}
        """time of the calls by operation"""
        self.read_bytes = 0
        self.written_bytes = 0

    def count(self, operation: str, outcome: str, seconds: float) -> None:
        """Count one call."""
        label = operation, outcome
        self.calls[label] = self.calls.get(label, 0) + 1
        self.seconds[operation] = self.seconds.get(operation, 0.0) + seconds


class Usage:
    """One execution's use of resources; filled in as it goes, complete even if it fails.

    The defaults belong to the class: every request makes an object, and most values stay at them.
    """

    duration_s: float = 0.0
    cpu_s: float = 0.0
    queue_s: float = 0.0
    throttled_s: float = 0.0
    """wall time spent waiting because of the handler's `cpu.limit`"""
    acquire_s: float = 0.0
    acquired_at: float = 0.0
    """when it got its instance and began to execute, monotonic seconds; 0: never"""
    memory_used_bytes: int = 0
    memory_peak_bytes: int = 0
    host_calls: int = 0
    instructions: int = 0
    key_value: KeyValueUse | None = None
    """None: the handler's manifest grants no namespace"""
    overshoot_s: float = -1.0
    """how long after its deadline a cancelled execution ended; negative: not cancelled"""

    def __init__(self) -> None:
        self.calls: dict[str, int] = {}
        """number of host calls by function name"""


@dataclass(frozen=True, slots=True)
class PoolCounts:
    """The counts of one worker's pool and queue at one moment."""

    active: int = 0
    available: int = 0
    suspended: int = 0
    waiting: int = 0
    created: int = 0
    """instances made since the start"""
    limit: int = 0
    """requests that may run at once"""
