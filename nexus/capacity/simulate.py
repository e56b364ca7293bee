"""Simulates pods of one profile under a trace in virtual time: their HPA, service and cost.

Load spreads evenly over ready pods; requests beyond their CPU wait in their queues, and requests
beyond those are rejected. The nodes have room for every pod, and idle CPU for every burst.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from nexus.capacity.hpa import Autoscaler
from nexus.capacity.profiles import PodProfile
from nexus.capacity.ratio import Sample
from nexus.capacity.scaling import SYNC_S, settled
from nexus.capacity.trace import Trace

STEP_S = 5.0
SCRAPE_S = 15.0
"""Seconds between two scrapes of metrics-server (its --metric-resolution)"""
SCHEDULED_S = 10.0
"""Seconds until a pod's process runs, with its image on the node, plus one readiness probe"""
START_CPU_S = 3.0
"""CPU time until it is ready: 1.6 s measured with artifacts in the cache, more to compile some"""


@dataclass(frozen=True)
class Moment:
    """One step of a simulation."""

    at: float
    rate: float
    served: float
    """requests/s"""
    rejected: float
    """requests/s"""
    waiting: float
    """requests in the queues"""
    replicas: int
    ready: int
    cores: float
    """cores in use by all pods"""


@dataclass
class _Pod:
    started: float
    ready_at: float
    cpu_s: float = 0.0
    """CPU time since the last scrape"""
    scraped: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=2))
    """(when, cores)"""

    def sample(self, now: float) -> Sample:
        """Return the controller's view: the last sample that metrics-server published, not this
        moment's."""
        before = [found for found in self.scraped if found[0] < now]
        taken, cores = before[-1] if before else (0.0, None)
        ready = now >= self.ready_at
        changed = self.ready_at if ready else self.started
        return Sample(cores, self.started, ready, changed, taken, SCRAPE_S)


class Cluster:
    """The pods of one profile and their HPA."""

    def __init__(self, profile: PodProfile, cpu_s: float, rate: float) -> None:
        """*cpu_s*: CPU time per request; *rate*: the requests/s served for a long time before."""
        self._profile, self._cpu_s = profile, cpu_s
        self._start_s = SCHEDULED_S + START_CPU_S / min(profile.usable_cores, 1.0)
        self._hpa = Autoscaler(profile.scaling)
        long_ago = -86_400.0
        replicas = settled(profile.scaling, rate * cpu_s)
        self._pods = [_Pod(long_ago, long_ago) for _ in range(replicas)]
        self._waiting = 0.0

    def step(self, now: float, rate: float) -> Moment:
        """Simulate `STEP_S` seconds from *now* on under *rate* requests/s."""
        if now % SYNC_S == 0:
            self._sync(now)
        ready = [pod for pod in self._pods if now >= pod.ready_at]
        possible = len(ready) * self._profile.usable_cores / self._cpu_s * STEP_S
        wanted = self._waiting + rate * STEP_S
        served = min(wanted, possible)
        self._waiting = min(wanted - served, float(len(ready) * self._profile.places))
        rejected = wanted - served - self._waiting
        for pod in ready:
            pod.cpu_s += served * self._cpu_s / len(ready)
        if (now + STEP_S) % SCRAPE_S == 0:
            self._scrape(now + STEP_S)
        return Moment(
            now,
            rate,
            served / STEP_S,
            rejected / STEP_S,
            self._waiting,
            len(self._pods),
            len(ready),
            served * self._cpu_s / STEP_S,
        )

    def _sync(self, now: float) -> None:
        wanted = self._hpa.sync(now, len(self._pods), [pod.sample(now) for pod in self._pods])
        del self._pods[wanted:]  # the youngest go first, like a ReplicaSet's
        while len(self._pods) < wanted:
            self._pods.append(_Pod(now, now + self._start_s))

    def _scrape(self, now: float) -> None:
        for pod in self._pods:
            if now > pod.started + SCRAPE_S:  # metrics-server needs two points for a rate
                pod.scraped.append((now, pod.cpu_s / SCRAPE_S))
            pod.cpu_s = 0.0


def simulate(profile: PodProfile, cpu_s: float, trace: Trace) -> tuple[Moment, ...]:
    """Return the moments of *trace* if each request costs *cpu_s* seconds of CPU.

    Raises: ValueError if *cpu_s* is not above 0.
    """
    if not cpu_s > 0:
        raise ValueError(f"the CPU per request must be above 0, got {cpu_s:g} s")
    cluster = Cluster(profile, cpu_s, trace.rate(0.0))
    steps = round(trace.duration_s / STEP_S)
    return tuple(cluster.step(n * STEP_S, trace.rate(n * STEP_S)) for n in range(max(1, steps)))
