"""A token bucket over CPU time: a handler's `cpu.limit` (after Linux's CFS bandwidth control,
https://docs.kernel.org/scheduler/sched-bwc.html, with a burst of one period)."""

from __future__ import annotations

import threading

PERIOD_S = 0.1
"""Seconds of CPU time that a bucket can save up: Kubernetes and Linux use the same period"""
QUANTUM_S = 0.002
"""CPU time to save up before a throttled execution resumes; more makes fewer, longer sleeps"""


class TokenBucket:
    """A bucket that gains *cores* seconds of CPU time a second, up to one period's. Thread-safe."""

    def __init__(self, cores: float, now: float) -> None:
        """Start with a full bucket at *now* (monotonic seconds, like every time here)."""
        self.cores = cores
        self._burst_s = cores * PERIOD_S
        self._lock = threading.Lock()  # guards the fields below
        self._tokens_s = self._burst_s
        self._filled_at = now

    def take(self, cpu_s: float, now: float) -> float:
        """Take *cpu_s* of used CPU time; return how many seconds the handler must pause."""
        with self._lock:
            gained = (now - self._filled_at) * self.cores
            self._filled_at = now
            self._tokens_s = min(self._tokens_s + gained, self._burst_s) - cpu_s
            if self._tokens_s >= 0:
                return 0.0
            return (min(QUANTUM_S, self._burst_s) - self._tokens_s) / self.cores
