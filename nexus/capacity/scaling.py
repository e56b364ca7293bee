"""An HPA's numbers in the terms of `autoscaling/v2`, with its defaults.

https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/horizontal-pod-autoscaler-v2/
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from nexus.capacity.targets import Target

TOLERANCE = 0.1
"""The HPA does nothing while the ratio is this near to 1 (the controller's default)"""
SYNC_S = 15.0
"""Seconds between two syncs of the controller"""


class Unit(Enum):
    """The unit of a policy's value."""

    PODS = "Pods"
    PERCENT = "Percent"


class Select(Enum):
    """The rule that decides among several policies."""

    MAX = "Max"
    MIN = "Min"
    DISABLED = "Disabled"


@dataclass(frozen=True)
class Policy:
    """A limit on the change within *period_s*."""

    unit: Unit
    value: int
    period_s: int


def pods(value: int, period_s: int) -> Policy:
    return Policy(Unit.PODS, value, period_s)


def percent(value: int, period_s: int) -> Policy:
    return Policy(Unit.PERCENT, value, period_s)


@dataclass(frozen=True)
class Rules:
    """`scaleUp` or `scaleDown` of an HPA's `behavior`."""

    window_s: int
    """`stabilizationWindowSeconds`"""
    policies: tuple[Policy, ...]
    select: Select = Select.MAX

    def __post_init__(self) -> None:
        if not self.policies and self.select is not Select.DISABLED:
            raise ValueError("rules need a policy, or selectPolicy Disabled; got neither")


DEFAULT_UP = Rules(0, (percent(100, 15), pods(4, 15)))
DEFAULT_DOWN = Rules(300, (percent(100, 15),))


@dataclass(frozen=True)
class Scaling:
    """One HPA: its metric's target, bounds and behaviour."""

    target: Target
    min_replicas: int = 2
    max_replicas: int = 10
    up: Rules = DEFAULT_UP
    down: Rules = DEFAULT_DOWN
    tolerance: float = TOLERANCE

    def __post_init__(self) -> None:
        if not 1 <= self.min_replicas <= self.max_replicas:
            raise ValueError(
                f"replicas must be at least 1 and at most the maximum, got {self.min_replicas} to "
                f"{self.max_replicas}"
            )

    def bounded(self, replicas: int) -> int:
        """Return *replicas*, or the nearer bound."""
        return max(self.min_replicas, min(replicas, self.max_replicas))
