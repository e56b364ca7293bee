"""One HorizontalPodAutoscaler on CPU.

https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/
"""

from __future__ import annotations

from collections.abc import Sequence

from nexus.capacity.behaviour import Behaviour
from nexus.capacity.ratio import Sample, desired_replicas
from nexus.capacity.scaling import Scaling


class Autoscaler:
    """An HPA; call `sync` every `scaling.SYNC_S` seconds. Not thread-safe."""

    def __init__(self, scaling: Scaling) -> None:
        self._scaling = scaling
        self._behaviour = Behaviour(scaling)

    def sync(self, now: float, current: int, samples: Sequence[Sample]) -> int:
        """Return the replicas from *now* on (seconds)."""
        scaling = self._scaling
        desired = desired_replicas(current, scaling.target_cores, samples, now, scaling.tolerance)
        return self._behaviour.replicas(now, current, desired)
