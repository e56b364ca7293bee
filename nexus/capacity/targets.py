"""What an HPA compares with its pods, in the controller's own integers of a thousandth.

The source is kubernetes/pkg/controller/podautoscaler: `metrics/utilization.go` has the ratios,
`replica_calculator.go` the values that pods without metrics are taken to have.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias


def milli(value: float) -> int:
    """Return *value* in thousandths, rounded up like `Quantity.MilliValue`."""
    return math.ceil(round(value * 1000, 6))


@dataclass(frozen=True)
class Utilization:
    """`averageUtilization`: a percentage of what the pods request."""

    percent: int
    request_m: int
    of_cpu = True

    def __post_init__(self) -> None:
        _check(self.percent, "the target")
        _check(self.request_m, "the request")

    @property
    def cores(self) -> float:
        """The CPU of a pod that is at the target."""
        return self.percent * self.request_m / 100_000

    def ratio(self, values_m: Sequence[int]) -> float:
        """Return usage by target. `GetResourceUtilizationRatio` cuts usage to whole percent."""
        return (sum(values_m) * 100 // (len(values_m) * self.request_m)) / self.percent

    @property
    def missing_m(self) -> int:
        """A pod without metrics when scaling down: its request, or the target if that is more."""
        return self.request_m * max(100, self.percent) // 100


@dataclass(frozen=True)
class Average:
    """`averageValue` of the pods' CPU, or of a metric of theirs."""

    value_m: int
    of_cpu: bool = True
    """Whether pods that start are set aside, as for CPU alone"""

    def __post_init__(self) -> None:
        _check(self.value_m, "the target")

    def ratio(self, values_m: Sequence[int]) -> float:
        """Return usage by target. `GetMetricUsageRatio` cuts the average to whole thousandths."""
        return (sum(values_m) // len(values_m)) / self.value_m

    @property
    def missing_m(self) -> int:
        """A pod without metrics when scaling down is taken to be at the target."""
        return self.value_m


@dataclass(frozen=True)
class External:
    """KEDA's triggers: a total for each, by an `averageValue` for each pod."""

    averages_m: tuple[int, ...]

    def __post_init__(self) -> None:
        for average in self.averages_m:
            _check(average, "the target")


Target: TypeAlias = Utilization | Average | External


def _check(value: int, what: str) -> None:
    if value < 1:
        raise ValueError(f"{what} must be above 0, got {value}")
