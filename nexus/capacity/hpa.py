"""One HorizontalPodAutoscaler, as its controller acts at each sync."""

from __future__ import annotations

from collections.abc import Sequence

from nexus.capacity.behaviour import Behaviour
from nexus.capacity.ratio import Sample, desired_for_totals, desired_replicas
from nexus.capacity.scaling import Scaling
from nexus.capacity.targets import External


class Autoscaler:
    """An HPA; call `sync` every `scaling.SYNC_S` seconds. Not thread-safe."""

    def __init__(self, scaling: Scaling) -> None:
        self._scaling = scaling
        self._behaviour = Behaviour(scaling)

    def sync(
        self, now: float, current: int, samples: Sequence[Sample], totals_m: Sequence[int] = ()
    ) -> int:
        """Return the replicas from *now* on (seconds).

        *samples*: one for each pod; *totals_m*: one for each of KEDA's triggers, which alone count
        for an `External` target.
        """
        scaling = self._scaling
        desired: int | None
        if isinstance(scaling.target, External):
            desired = desired_for_totals(current, scaling.target, totals_m, scaling.tolerance)
        else:
            desired = desired_replicas(current, scaling.target, samples, now, scaling.tolerance)
        return self._behaviour.replicas(now, current, desired)
