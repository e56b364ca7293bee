"""The CPU profiles by name: each turns effective cores into a number of workers.

Requests, limits and scaling belong to the profile's component in `deploy/components/cpu-<name>`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Profile:
    """A rule for how many workers a pod runs."""

    name: str
    why: str
    rounded: Callable[[float], int] = math.ceil
    max_workers: int = 256

    def workers(self, cores: float) -> int:
        """Return how many workers to run on *cores*, at least one."""
        return max(1, min(self.rounded(cores), self.max_workers))


_ALL = (
    Profile("none", "guests hold the GIL, so a worker for each core or part of one"),
    Profile(
        "burst",
        "a worker for each core of the burst, at most 4: a burst is rare, and not worth the memory "
        "of more workers",
        max_workers=4,
    ),
    Profile("guaranteed", "a worker for each whole core, which is its own", rounded=math.floor),
    Profile("throughput", "guests hold the GIL, so a worker for each core or part of one"),
    Profile(
        "latency",
        "a worker for each core, at most 4: without a CPU limit all the machine's cores are seen, "
        "but others use them too",
        max_workers=4,
    ),
    Profile("edge", "one worker: memory is scarcer than CPU", max_workers=1),
)
PROFILES = {profile.name: profile for profile in _ALL}
