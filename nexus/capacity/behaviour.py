"""From desired replicas to replicas: limits how fast an HPA follows its metric.

https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#configurable-scaling-behavior
"""

from __future__ import annotations

from collections.abc import Iterable

from nexus.capacity.scaling import Policy, Rules, Scaling, Select, Unit


class Behaviour:
    """An HPA's memory: its recommendations and changes. Not thread-safe."""

    def __init__(self, scaling: Scaling) -> None:
        self._scaling = scaling
        self._recommended: list[tuple[float, int]] = []
        self._changes: list[tuple[float, int]] = []
        periods = [p.period_s for rules in self._rules() for p in rules.policies]
        self._longest_s = max((*periods, *(rules.window_s for rules in self._rules())), default=0)

    def _rules(self) -> tuple[Rules, Rules]:
        return self._scaling.up, self._scaling.down

    def replicas(self, now: float, current: int, desired: int) -> int:
        """Return the replicas from *now* on (seconds); *now* must never go back."""
        scaling = self._scaling
        if not scaling.min_replicas <= current <= scaling.max_replicas:
            # Outside the bounds, the controller corrects at once and does not look at a metric.
            bounded = _clamp(current, scaling.min_replicas, scaling.max_replicas)
        else:
            stable = self._stabilized(now, current, desired)
            bounded = self._limited(now, current, stable)
        if bounded != current:
            self._changes.append((now, bounded - current))
        return bounded

    def _stabilized(self, now: float, current: int, desired: int) -> int:
        """Return the least recommendation in the window for scaling up if that is above *current*,
        the most in the one for scaling down if that is below; otherwise *current*."""
        if not self._recommended:  # the controller starts from the current number
            self._recommended.append((now, current))
        self._forget(now)
        least = min((desired, *self._since(now - self._scaling.up.window_s)))
        most = max((desired, *self._since(now - self._scaling.down.window_s)))
        self._recommended.append((now, desired))
        return _clamp(current, least, most)

    def _limited(self, now: float, current: int, wanted: int) -> int:
        scaling = self._scaling
        if wanted > current:
            allowed = self._limit(now, current, scaling.up, 1)
            return min(wanted, scaling.max_replicas, max(allowed, current))
        if wanted < current:
            allowed = self._limit(now, current, scaling.down, -1)
            return max(wanted, scaling.min_replicas, min(allowed, current))
        return current

    def _limit(self, now: float, current: int, rules: Rules, sign: int) -> int:
        """Return the furthest number that *rules* allow in the direction of *sign*."""
        if rules.select is Select.DISABLED:
            return current
        limits = [
            _reach(current - self._changed_since(now - policy.period_s), policy, sign)
            for policy in rules.policies
        ]
        furthest = (rules.select is Select.MAX) == (sign > 0)
        return max(limits) if furthest else min(limits)

    def _changed_since(self, moment: float) -> int:
        return sum(change for at, change in self._changes if at > moment)

    def _since(self, moment: float) -> Iterable[int]:
        return (desired for at, desired in self._recommended if at > moment)

    def _forget(self, now: float) -> None:
        for memory in (self._recommended, self._changes):
            memory[:] = [item for item in memory if item[0] > now - self._longest_s]


def _reach(start: int, policy: Policy, sign: int) -> int:
    """Return the furthest number that a policy allows for a period begun with *start* replicas. A
    percentage moves at least one pod: the change is rounded up."""
    if policy.unit is Unit.PODS:
        return start + sign * policy.value
    return start + sign * -(-start * policy.value // 100)


def _clamp(value: int, least: int, most: int) -> int:
    """Return *value*, or the nearer bound."""
    return max(least, min(value, most))
