"""The numbers of deploy/components/cpu-*, which a wheel does not contain; `tests/capacity` renders
those files and compares. The files explain each number."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import Enum

from nexus.capacity.queueing import utilization_at
from nexus.capacity.scaling import DEFAULT_DOWN, Rules, Scaling, percent, pods
from nexus.capacity.targets import Average, External, Utilization

QUEUED_M = 2000
"""KEDA's second trigger: requests waiting in a pod (deploy/components/keda), in thousandths"""


class ScaledBy(Enum):
    """What scales the pods: the profile's HPA on CPU, or one of two components of deploy/."""

    CPU = "cpu"
    IN_FLIGHT = "in-flight"
    KEDA = "keda"


@dataclass(frozen=True)
class PodProfile:
    """One kind of pod and its HPA."""

    name: str
    request_cores: float
    limit_cores: float | None
    """None: all the node's cores"""
    memory_mib: int
    workers: int
    max_instances: int
    """of each worker"""
    max_queue: int
    """of each worker"""
    in_flight: int
    """target of the components hpa-inflight and keda: requests running in a pod"""
    scaling: Scaling

    def scaled_by(self, kind: ScaledBy) -> PodProfile:
        """Return this profile with that kind's target; bounds and behaviour stay."""
        if kind is ScaledBy.CPU:
            return self
        each = self.in_flight * 1000
        target = (
            Average(each, of_cpu=False)
            if kind is ScaledBy.IN_FLIGHT
            else External((each, QUEUED_M))
        )
        return replace(self, scaling=replace(self.scaling, target=target))

    @property
    def target_cores(self) -> float:
        """The CPU that a pod uses when it is at the target."""
        target = self.scaling.target
        if isinstance(target, Utilization):
            return target.cores
        if isinstance(target, Average) and target.of_cpu:
            return target.value_m / 1000
        requests_m = target.value_m if isinstance(target, Average) else target.averages_m[0]
        return self.usable_cores * utilization_at(requests_m / 1000, self.workers)

    def settled(self, cores: float) -> int:
        """Return the replicas at which a steady load of this many *cores* meets the target."""
        return self.scaling.bounded(math.ceil(cores / self.target_cores - 1e-9))

    @property
    def usable_cores(self) -> float:
        """The most cores a pod can use, if the node has them: one for each worker, by the GIL."""
        return min(self.limit_cores or math.inf, float(self.workers))

    @property
    def places(self) -> int:
        """The requests a pod holds, running and waiting; it rejects more."""
        return self.workers * (self.max_instances + self.max_queue)


_ALL = (
    PodProfile(
        "burst",
        request_cores=0.1,
        limit_cores=1.0,
        memory_mib=512,
        workers=1,
        max_instances=8,
        max_queue=16,
        in_flight=5,
        scaling=Scaling(
            Average(700), up=Rules(30, (percent(100, 60),)), down=Rules(300, (pods(1, 60),))
        ),
    ),
    PodProfile(
        "guaranteed",
        request_cores=2.0,
        limit_cores=2.0,
        memory_mib=1024,
        workers=2,
        max_instances=8,
        max_queue=16,
        in_flight=10,
        scaling=Scaling(
            Utilization(70, 2000), up=Rules(60, (pods(2, 60),)), down=Rules(600, (pods(1, 120),))
        ),
    ),
    PodProfile(
        "throughput",
        request_cores=3.0,
        limit_cores=4.0,
        memory_mib=1280,
        workers=4,
        max_instances=6,
        max_queue=12,
        in_flight=15,
        scaling=Scaling(
            Utilization(90, 3000),
            up=Rules(120, (pods(2, 60),)),
            down=Rules(300, (percent(25, 60),)),
        ),
    ),
    PodProfile(
        "latency",
        request_cores=2.0,
        limit_cores=None,
        memory_mib=896,
        workers=2,
        max_instances=8,
        max_queue=4,
        in_flight=4,
        scaling=Scaling(
            Utilization(50, 2000),
            up=Rules(0, (percent(100, 15),)),
            down=Rules(900, (pods(1, 120),)),
        ),
    ),
    PodProfile(
        "edge",
        request_cores=0.25,
        limit_cores=0.25,
        memory_mib=256,
        workers=1,
        max_instances=2,
        max_queue=8,
        in_flight=1,
        scaling=Scaling(
            Utilization(80, 250),
            1,
            3,
            up=Rules(60, (pods(1, 60),)),
            down=Rules(600, DEFAULT_DOWN.policies),
        ),
    ),
)
POD_PROFILES = {profile.name: profile for profile in _ALL}
