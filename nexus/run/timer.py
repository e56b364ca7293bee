"""Measures an execution, and formats its metrics for results."""

from __future__ import annotations

import time
from typing import Any

from nexus.model import Usage


class ExecutionTimer:
    """A stopwatch for wall and CPU time of the calling thread, in seconds."""

    __slots__ = ("_cpu", "_wall")

    def __init__(self) -> None:
        self._wall, self._cpu = time.monotonic(), time.thread_time()

    @classmethod
    def start(cls) -> ExecutionTimer:
        """Return a timer that runs from now on."""
        return cls()

    def into_metrics(self, cache_hit: bool, usage: Usage | None = None) -> dict[str, Any]:
        """Return the metrics of an execution that ends now, in the form results use.

        *cache_hit*: nothing was compiled for it. *usage*: its other figures; this sets its times.
        """
        usage = Usage() if usage is None else usage
        usage.duration_s, usage.cpu_s = self.wall_s(), self.cpu_s()
        return metrics_of(usage, cache_hit=cache_hit)

    def wall_s(self) -> float:
        return time.monotonic() - self._wall

    def move_here(self, used_s: float = 0.0) -> None:
        """Count the CPU time of the calling thread from now on: each thread has its own clock."""
        self._cpu = time.thread_time() - used_s

    def leave_out(self, seconds: float) -> None:
        """Do not count *seconds* of wall time that have passed."""
        self._wall += seconds

    def cpu_s(self) -> float:
        return time.thread_time() - self._cpu


def metrics_of(usage: Usage, *, cache_hit: bool) -> dict[str, Any]:
    """Return *usage* in the form results use; *cache_hit*: nothing was compiled for it."""
    return {
        "duration_us": round(usage.duration_s * 1e6),
        "cpu_us": round(usage.cpu_s * 1e6),
        "queue_us": round(usage.queue_s * 1e6),
        "memory_used_bytes": usage.memory_used_bytes,
        "memory_peak_bytes": usage.memory_peak_bytes,
        "host_calls": usage.host_calls,
        "instruction_count": usage.instructions,
        "cache_hit": cache_hit,
    }
