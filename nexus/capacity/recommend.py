"""Compares the profiles under a load, and recommends one.

The recommended profile serves nearly everything, stays within its requested CPU for at least half
the time, and of those takes the fewest core-hours from the nodes: a pod takes what it requests, or
what it uses if that is more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from nexus.capacity.profiles import PodProfile
from nexus.capacity.simulate import STEP_S, Moment, simulate
from nexus.capacity.trace import Trace

SERVED_ENOUGH = 0.999
BORROWED_TOO_OFTEN = 0.5


@dataclass(frozen=True)
class Outlook:
    """One profile under one load."""

    profile: PodProfile
    moments: tuple[Moment, ...]
    rate_per_pod: float
    """requests/s of a pod that gets all the CPU it can use"""
    requested_rate_per_pod: float
    """requests/s on its CPU request alone, which the node guarantees"""
    pods_for_rate: int
    """number at which the HPA settles for the target rate"""
    carries_rate: bool
    """whether that many pods have enough CPU for the rate"""
    peak_replicas: int
    served_share: float
    short_s: float
    """seconds in which requests had to wait for CPU"""
    pod_hours: float
    core_hours: float
    """core-hours taken from the nodes"""
    borrowed_share: float
    """share of the time with more CPU in use than requested"""
    latency_s: float
    """mean time of a request, its wait for CPU included"""
    worst_latency_s: float
    """the same in the worst step of the simulation"""

    @property
    def objections(self) -> tuple[str, ...]:
        """The reasons against the profile; empty: it fits."""
        found = []
        if not self.carries_rate:
            most = self.profile.scaling.max_replicas
            found.append(f"{most} pods, its most, have too little CPU for the rate")
        if self.served_share < SERVED_ENOUGH:
            found.append(f"rejects {1 - self.served_share:.1%} of the requests")
        if self.borrowed_share > BORROWED_TOO_OFTEN:
            found.append(
                f"uses more CPU than it requests for {self.borrowed_share:.0%} of the time, which "
                "a full node would not give"
            )
        return tuple(found)


@dataclass(frozen=True)
class Recommendation:
    """The recommended profile, and the reason."""

    name: str
    why: str


def outlook(profile: PodProfile, cpu_s: float, rate: float, trace: Trace) -> Outlook:
    """Return how *profile* fares at *cpu_s* seconds of CPU per request: for a steady *rate* of
    requests/s, and over *trace*."""
    moments = simulate(profile, cpu_s, trace)
    hours = STEP_S / 3600
    offered, served = sum(m.rate for m in moments), sum(m.served for m in moments)
    rejected = sum(m.rejected for m in moments)
    requested = [m.replicas * profile.request_cores for m in moments]
    borrowed = sum(m.cores > held + 1e-9 for m, held in zip(moments, requested, strict=True))
    pods = profile.settled(rate * cpu_s)
    return Outlook(
        profile,
        moments,
        rate_per_pod=profile.usable_cores / cpu_s,
        requested_rate_per_pod=min(profile.request_cores, profile.usable_cores) / cpu_s,
        pods_for_rate=pods,
        carries_rate=pods * profile.usable_cores >= rate * cpu_s,
        peak_replicas=max(m.replicas for m in moments),
        served_share=1 - rejected / offered if offered else 1.0,
        short_s=sum(STEP_S for m in moments if m.waiting > 0 or m.rejected > 0),
        pod_hours=sum(m.replicas for m in moments) * hours,
        core_hours=sum(max(m.cores, held) for m, held in zip(moments, requested, strict=True))
        * hours,
        borrowed_share=borrowed / len(moments),
        latency_s=sum(m.in_flight for m in moments) / served if served else 0.0,
        worst_latency_s=max(m.latency_s for m in moments),
    )


def recommend(outlooks: Iterable[Outlook]) -> Recommendation:
    """Choose among *outlooks* of one load; there must be at least one."""
    every = list(outlooks)
    fit = [found for found in every if not found.objections]
    if not fit:
        best = max(every, key=lambda found: (found.served_share, -found.core_hours))
        return Recommendation(
            best.profile.name,
            f"none fits; it serves most ({best.served_share:.1%}), although: "
            + "; ".join(best.objections),
        )
    best = min(fit, key=_cost)
    names = ", ".join(found.profile.name for found in fit)
    equal = [f.profile.name for f in fit if f is not best and _cost(f)[0] == _cost(best)[0]]
    takes = (
        f"as few core-hours as {' and '.join(equal)}, {best.core_hours:.2f}, and the least memory"
        if equal
        else f"the fewest core-hours, {best.core_hours:.2f}"
    )
    return Recommendation(
        best.profile.name,
        f"of the profiles that serve at least {SERVED_ENOUGH:.1%} and live mostly on CPU they "
        f"requested ({names}) it takes {takes}",
    )


def _cost(found: Outlook) -> tuple[float, int]:
    """Return core-hours, rounded so that the order of a sum does not matter; then memory."""
    return round(found.core_hours, 6), found.profile.memory_mib
