"""From desired replicas to replicas: limits how fast an HPA follows its metric.

The source is `horizontal.go` of kubernetes/pkg/controller/podautoscaler, as for an HPA with
`behavior`; docs/cpu.md names its functions.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from nexus.capacity.scaling import Policy, Rules, Scaling, Select, Unit


@dataclass
class _Events:
    """The changes in one direction. `storeScaleEvent`: a new change replaces the last of those that
    are older than the longest period of this direction."""

    longest_s: int
    found: list[tuple[float, int]] = field(default_factory=list)

    def store(self, now: float, change: int) -> None:
        outdated = [n for n, (at, _) in enumerate(self.found) if at < now - self.longest_s]
        if outdated:
            self.found[outdated[-1]] = (now, change)
        else:
            self.found.append((now, change))

    def since(self, moment: float) -> int:
        """Return the replicas changed after *moment* (`getReplicasChangePerPeriod`)."""
        return sum(change for at, change in self.found if at > moment)


class Behaviour:
    """An HPA's memory: its recommendations and changes. Not thread-safe."""

    def __init__(self, scaling: Scaling) -> None:
        self._scaling = scaling
        self._recommended: list[tuple[float, int]] = []
        self._ups, self._downs = (
            _Events(max((policy.period_s for policy in rules.policies), default=0))
            for rules in (scaling.up, scaling.down)
        )
        self._window_s = max(scaling.up.window_s, scaling.down.window_s)

    def replicas(self, now: float, current: int, desired: int | None) -> int:
        """Return the replicas from *now* on (seconds); *now* must never go back.

        *desired*: None if no metric could be had; the number then stays, and nothing is recorded.
        """
        scaling = self._scaling
        if not self._recommended:  # `recordInitialRecommendation`
            self._recommended.append((now, current))
        if not scaling.min_replicas <= current <= scaling.max_replicas:
            # Outside the bounds, `reconcileAutoscaler` corrects at once and looks at no metric.
            bounded = scaling.bounded(current)
        elif desired is None:
            return current
        else:
            bounded = self._limited(now, current, self._stabilized(now, current, desired))
        if bounded > current:
            self._ups.store(now, bounded - current)
        elif bounded < current:
            self._downs.store(now, current - bounded)
        return bounded

    def _stabilized(self, now: float, current: int, desired: int) -> int:
        """Return the least recommendation in the window for scaling up if that is above *current*,
        the most in the one for scaling down if that is below; otherwise *current*.

        `stabilizeRecommendationWithBehaviors`: both limits apply, the upper one last.
        """
        self._recommended = [each for each in self._recommended if each[0] >= now - self._window_s]
        least = min((desired, *self._since(now - self._scaling.up.window_s)))
        most = max((desired, *self._since(now - self._scaling.down.window_s)))
        self._recommended.append((now, desired))
        return min(max(current, least), most)

    def _since(self, moment: float) -> Iterable[int]:
        return (desired for at, desired in self._recommended if at > moment)

    def _limited(self, now: float, current: int, wanted: int) -> int:
        """Apply the policies, then the bounds (`convertDesiredReplicasWithBehaviorRate`)."""
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
            _reach(self._at_start_of(now - policy.period_s, current), policy, sign)
            for policy in rules.policies
        ]
        furthest = (rules.select is Select.MAX) == (sign > 0)
        return max(limits) if furthest else min(limits)

    def _at_start_of(self, moment: float, current: int) -> int:
        """Return the replicas when a period began, by the changes that are remembered."""
        return current - self._ups.since(moment) + self._downs.since(moment)


def _reach(start: int, policy: Policy, sign: int) -> int:
    """Return the furthest number that a policy allows for a period begun with *start* replicas.

    The controller computes percentages in floats. Scaling up it rounds up, so 12 % of 25 are 4 pods
    (1.12 is a little more in binary); scaling down it cuts off, so 80 % of 5 leave none.
    """
    if policy.unit is Unit.PODS:
        return start + sign * policy.value
    reached = start * (1 + sign * policy.value / 100)
    return math.ceil(reached) if sign > 0 else math.trunc(reached)
