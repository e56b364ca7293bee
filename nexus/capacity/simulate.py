"""Simulates pods of one profile under a trace in virtual time: their HPA, service and cost.

Load spreads evenly over ready pods; requests beyond their CPU wait in their queues, and requests
beyond those are rejected. The nodes have room for every pod, and idle CPU for every burst.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from nexus.capacity.hpa import Autoscaler
from nexus.capacity.profiles import PodProfile
from nexus.capacity.queueing import in_flight
from nexus.capacity.ratio import Sample
from nexus.capacity.scaling import SYNC_S
from nexus.capacity.targets import External, milli
from nexus.capacity.trace import Trace

STEP_S = 5.0
SCRAPE_S = 15.0
"""Seconds between two scrapes of metrics-server (its --metric-resolution) and of Prometheus"""
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
    in_flight: float
    """requests in all pods, those in the queues included"""

    @property
    def latency_s(self) -> float:
        """The mean time of a request (Little's law)."""
        return self.in_flight / self.served if self.served else 0.0


@dataclass(frozen=True)
class _Scrape:
    """A pod's metrics in thousandths; None: not published yet."""

    at: float
    cpu_m: int | None = None
    running_m: int | None = None
    queued_m: int | None = None


@dataclass
class _Pod:
    started: float
    ready_at: float
    cpu_s: float = 0.0
    """CPU time since the last scrape"""
    running: float = 0.0
    """requests on its instances"""
    queued: float = 0.0
    scraped: deque[_Scrape] = field(default_factory=lambda: deque(maxlen=2))

    def seen(self, now: float) -> _Scrape:
        """Return what was published before *now*, not what is true at this moment."""
        before = [found for found in self.scraped if found.at < now]
        return before[-1] if before else _Scrape(0.0)

    def sample(self, now: float, of_cpu: bool) -> Sample:
        """Return the controller's view."""
        seen, ready = self.seen(now), now >= self.ready_at
        return Sample(
            seen.cpu_m if of_cpu else seen.running_m,
            self.started,
            ready,
            changed=self.ready_at if ready else self.started,
            taken=seen.at,
            window_s=SCRAPE_S,
            pending=now < self.started + SCHEDULED_S,
        )


class Cluster:
    """The pods of one profile and their HPA."""

    def __init__(self, profile: PodProfile, cpu_s: float, rate: float) -> None:
        """*cpu_s*: CPU time per request; *rate*: the requests/s served for a long time before."""
        self._profile, self._cpu_s = profile, cpu_s
        self._start_s = SCHEDULED_S + START_CPU_S / min(profile.usable_cores, 1.0)
        self._hpa = Autoscaler(profile.scaling)
        long_ago = -86_400.0
        replicas = profile.settled(rate * cpu_s)
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
        held = self._hold(ready, served / possible if possible else 0.0)
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
            held,
        )

    def _hold(self, ready: list[_Pod], utilization: float) -> float:
        """Spread the requests that run and wait over *ready* pods; return their number."""
        profile = self._profile
        if not ready:
            return 0.0
        instances = float(profile.workers * profile.max_instances)
        each = in_flight(utilization, profile.workers, instances)
        each = max(each, self._waiting / len(ready))
        for pod in ready:
            pod.running = min(each, instances)
            pod.queued = each - pod.running
        return each * len(ready)

    def _sync(self, now: float) -> None:
        target = self._profile.scaling.target
        of_cpu = not isinstance(target, External) and target.of_cpu
        samples = [pod.sample(now, of_cpu) for pod in self._pods]
        wanted = self._hpa.sync(now, len(self._pods), samples, self._totals(now))
        del self._pods[wanted:]  # the youngest go first, like a ReplicaSet's
        while len(self._pods) < wanted:
            self._pods.append(_Pod(now, now + self._start_s))

    def _totals(self, now: float) -> tuple[int, int]:
        """Return the answers to KEDA's queries: requests running and queued in all pods."""
        seen = [pod.seen(now) for pod in self._pods]
        return sum(s.running_m or 0 for s in seen), sum(s.queued_m or 0 for s in seen)

    def _scrape(self, now: float) -> None:
        for pod in self._pods:
            # metrics-server needs two points for a rate of CPU; a pod that starts has no /metrics.
            cpu_m = milli(pod.cpu_s / SCRAPE_S) if now > pod.started + SCRAPE_S else None
            if now >= pod.ready_at:
                gauges = milli(pod.running), milli(pod.queued)
                pod.scraped.append(_Scrape(now, cpu_m, *gauges))
            elif cpu_m is not None:
                pod.scraped.append(_Scrape(now, cpu_m))
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
