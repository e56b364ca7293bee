"""What one execution used, and how pool and queue are."""

from __future__ import annotations

from dataclasses import dataclass


class Usage:
    """What one execution used; filled in as it goes, true also when it failed.

    The defaults belong to the class: one is made for every request, and most stay as they are.
    """

    duration_s: float = 0.0
    cpu_s: float = 0.0
    queue_s: float = 0.0
    throttled_s: float = 0.0
    """wall time spent waiting because of the handler's `cpu.limit`"""
    acquire_s: float = 0.0
    acquired_at: float = 0.0
    """when it had its instance and began to execute, monotonic seconds; 0: it never did"""
    memory_used_bytes: int = 0
    memory_peak_bytes: int = 0
    host_calls: int = 0
    instructions: int = 0
    overshoot_s: float = -1.0
    """how late after its deadline a cancelled execution ended; negative: it was not cancelled"""

    def __init__(self) -> None:
        self.calls: dict[str, int] = {}
        """host calls by the function's name"""


@dataclass(frozen=True, slots=True)
class PoolCounts:
    """How pool and queue of one worker are at one moment."""

    active: int = 0
    available: int = 0
    suspended: int = 0
    waiting: int = 0
    created: int = 0
    """instances made since the start"""
    limit: int = 0
    """requests that may run at once"""
