"""From the pods' metrics to the desired number of replicas.

The functions are named after those of kubernetes/pkg/controller/podautoscaler/replica_calculator.go
whose results they have; docs/cpu.md lists them. Ratios are floats and cut nowhere else than there.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nexus.capacity.scaling import TOLERANCE
from nexus.capacity.targets import Average, External, Utilization

INITIALIZATION_S = 300.0
"""--horizontal-pod-autoscaler-cpu-initialization-period"""
READINESS_DELAY_S = 30.0
"""--horizontal-pod-autoscaler-initial-readiness-delay"""


@dataclass(frozen=True)
class Sample:
    """The controller's view of one pod; times are seconds on one common clock."""

    value_m: int | None
    """the metric in thousandths, over the last window; None: no metrics"""
    started: float = 0.0
    ready: bool = True
    changed: float = 0.0
    """when it last became ready or unready"""
    taken: float = math.inf
    """when the window of metrics ended"""
    window_s: float = 0.0
    """length of that window"""
    pending: bool = False
    """Whether its phase is Pending: not yet scheduled, or its containers do not run yet"""

    def not_yet_ready(self, now: float) -> bool:
        """Return whether to ignore its CPU: it is starting, or was when measured."""
        if now < self.started + INITIALIZATION_S:
            return not self.ready or self.taken < self.changed + self.window_s
        return not self.ready and self.changed < self.started + READINESS_DELAY_S


@dataclass(frozen=True)
class Grouped:
    """`groupPods`: the pods by what is known of them."""

    counted_m: list[int]
    """values of the pods that are ready"""
    unready: int
    missing: int


def grouped(samples: Iterable[Sample], now: float, of_cpu: bool) -> Grouped:
    """Group *samples*. A pending pod is unready whatever its metrics; readiness matters for CPU
    only."""
    counted, unready, missing = [], 0, 0
    for sample in samples:
        if sample.pending:
            unready += 1
        elif sample.value_m is None:
            missing += 1
        elif of_cpu and sample.not_yet_ready(now):
            unready += 1
        else:
            counted.append(sample.value_m)
    return Grouped(counted, unready, missing)


def desired_replicas(
    current: int,
    target: Utilization | Average,
    samples: Iterable[Sample],
    now: float = 0.0,
    tolerance: float = TOLERANCE,
) -> int | None:
    """Return the replicas that bring the pods to *target*; None without metrics of a ready pod,
    when the controller reports an error and leaves everything as it is.

    *samples*: those of all pods that are neither failed nor being deleted. This is
    `GetResourceReplicas` and, for an average, `calcPlainMetricReplicas`.
    """
    pods = grouped(samples, now, target.of_cpu)
    if not pods.counted_m:
        return None
    ratio = target.ratio(pods.counted_m)
    starting = pods.unready if ratio > 1 else 0
    if not pods.missing and not starting:
        count = len(pods.counted_m)
        return current if _is_within(ratio, tolerance) else math.ceil(ratio * count)
    values = pods.counted_m + [0] * starting
    if ratio != 1:  # a missing value argues for the smaller change
        values += [target.missing_m if ratio < 1 else 0] * pods.missing
    damped = target.ratio(values)
    if _is_within(damped, tolerance) or (ratio < 1 < damped) or (damped < 1 < ratio):
        return current
    wanted = math.ceil(damped * len(values))
    if (damped < 1 and wanted > current) or (damped > 1 and wanted < current):
        return current  # other pods count than there are
    return wanted


def desired_for_totals(
    current: int, target: External, totals_m: Sequence[int], tolerance: float = TOLERANCE
) -> int:
    """Return the most replicas that any of KEDA's triggers asks for, by its total over all pods.

    This is `GetExternalPerPodMetricReplicas`, and the maximum of `computeReplicasForMetrics`.
    """
    return max(
        current
        if _is_within(total / (average * current), tolerance)
        else math.ceil(total / average)
        for total, average in zip(totals_m, target.averages_m, strict=True)
    )


def _is_within(ratio: float, tolerance: float) -> bool:
    """`Tolerances.isWithin`, in floats like there: 77 % by 70 % is within 0.1."""
    return 1.0 - tolerance <= ratio <= 1.0 + tolerance
