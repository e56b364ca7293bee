"""The numbers of deploy/components/cpu-*, which a wheel does not contain; `tests/capacity` renders
those files and compares. The files explain each number."""

from __future__ import annotations

import math
from dataclasses import dataclass

from nexus.capacity.scaling import DEFAULT_DOWN, Rules, Scaling, percent, pods


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
    scaling: Scaling

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
        scaling=Scaling(0.7, up=Rules(30, (percent(100, 60),)), down=Rules(300, (pods(1, 60),))),
    ),
    PodProfile(
        "guaranteed",
        request_cores=2.0,
        limit_cores=2.0,
        memory_mib=1024,
        workers=2,
        max_instances=8,
        max_queue=16,
        scaling=Scaling(1.4, up=Rules(60, (pods(2, 60),)), down=Rules(600, (pods(1, 120),))),
    ),
    PodProfile(
        "throughput",
        request_cores=3.0,
        limit_cores=4.0,
        memory_mib=1280,
        workers=4,
        max_instances=6,
        max_queue=12,
        scaling=Scaling(2.7, up=Rules(120, (pods(2, 60),)), down=Rules(300, (percent(25, 60),))),
    ),
    PodProfile(
        "latency",
        request_cores=2.0,
        limit_cores=None,
        memory_mib=896,
        workers=2,
        max_instances=8,
        max_queue=4,
        scaling=Scaling(1.0, up=Rules(0, (percent(100, 15),)), down=Rules(900, (pods(1, 120),))),
    ),
    PodProfile(
        "edge",
        request_cores=0.25,
        limit_cores=0.25,
        memory_mib=128,
        workers=1,
        max_instances=2,
        max_queue=8,
        scaling=Scaling(
            0.2, 1, 3, up=Rules(60, (pods(1, 60),)), down=Rules(600, DEFAULT_DOWN.policies)
        ),
    ),
)
POD_PROFILES = {profile.name: profile for profile in _ALL}
