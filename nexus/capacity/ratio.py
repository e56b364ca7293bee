"""From the pods' CPU to the desired number of replicas.

https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#algorithm-details
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from nexus.capacity.scaling import TOLERANCE

INITIALIZATION_S = 300.0
"""--horizontal-pod-autoscaler-cpu-initialization-period"""
READINESS_DELAY_S = 30.0
"""--horizontal-pod-autoscaler-initial-readiness-delay"""
_NOISE = 1e-9
"""Tolerance for rounding: 3 pods at a ratio of 1.2 / 0.9 are 4, not 5"""


@dataclass(frozen=True)
class Sample:
    """The controller's view of one pod; times are seconds on one common clock."""

    cores: float | None
    """mean over the last window of metrics; None: no metrics"""
    started: float = 0.0
    ready: bool = True
    changed: float = 0.0
    """when it last became ready or unready"""
    taken: float = math.inf
    """when the window of metrics ended"""
    window_s: float = 0.0
    """length of that window"""

    def not_yet_ready(self, now: float) -> bool:
        """Return whether to ignore its CPU: it is starting, or was when measured."""
        if now < self.started + INITIALIZATION_S:
            return not self.ready or self.taken < self.changed + self.window_s
        return not self.ready and self.changed < self.started + READINESS_DELAY_S


def desired_replicas(
    current: int,
    target_cores: float,
    samples: Sequence[Sample],
    now: float = 0.0,
    tolerance: float = TOLERANCE,
) -> int:
    """Return the replicas that bring the average to *target_cores*; *current* without metrics.

    *samples*: those of all pods that are neither failed nor being deleted.
    """
    measured = [s for s in samples if s.cores is not None]
    counted = [s.cores for s in measured if s.cores is not None and not s.not_yet_ready(now)]
    unready = sum(s.not_yet_ready(now) for s in measured)
    missing = len(samples) - len(measured)
    if not counted:
        return current
    ratio = sum(counted) / len(counted) / target_cores
    starting = unready if ratio > 1 else 0
    if not missing and not starting:
        return current if _within(ratio, tolerance) else _ceil(ratio * len(counted))
    # A missing value counts as whatever argues for the smaller change: 0, or the target. (So says
    # the documentation; for an averageUtilization the controller's code uses the whole request.)
    assumed = missing * target_cores if ratio < 1 else 0.0
    pods = len(counted) + missing + starting
    damped = (sum(counted) + assumed) / pods / target_cores
    if _within(damped, tolerance) or (damped > 1) != (ratio > 1):
        return current
    wanted = _ceil(damped * pods)
    return current if (wanted > current) != (damped > 1) else wanted


def _within(ratio: float, tolerance: float) -> bool:
    return 1 - tolerance - _NOISE <= ratio <= 1 + tolerance + _NOISE


def _ceil(replicas: float) -> int:
    return math.ceil(replicas - _NOISE)
