"""`nexus capacity`: prints the table, for people and for machines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nexus.capacity.recommend import Outlook, Recommendation
from nexus.capacity.targets import Average, Target, Utilization
from nexus.capacity.trace import Trace


@dataclass(frozen=True)
class Cost:
    """The CPU time of one request."""

    cpu_s: float
    """total time"""
    handler_s: float | None = None
    """the handler's part; None: not measured"""
    requests: int = 0
    """number of requests measured"""


def as_rows(
    cost: Cost,
    rate: float,
    trace: Trace,
    outlooks: Sequence[Outlook],
    chosen: Recommendation,
) -> dict[str, Any]:
    """Return the table as JSON, for machines."""
    handler_us = None if cost.handler_s is None else round(cost.handler_s * 1e6, 1)
    return {
        "cpu_per_request_us": round(cost.cpu_s * 1e6, 1),
        "handler_cpu_us": handler_us,
        "measured_requests": cost.requests,
        "rate": rate,
        "trace": {"duration_s": trace.duration_s, "peak_rate": trace.peak},
        "profiles": {found.profile.name: _row(found) for found in outlooks},
        "recommended": chosen.name,
        "why": chosen.why,
    }


def _row(found: Outlook) -> dict[str, Any]:
    scaling = found.profile.scaling
    return {
        "request_cores": found.profile.request_cores,
        "limit_cores": found.profile.limit_cores,
        "target": target_text(scaling.target),
        "target_cores": round(found.profile.target_cores, 6),
        "min_replicas": scaling.min_replicas,
        "max_replicas": scaling.max_replicas,
        "requests_per_second_per_pod": round(found.rate_per_pod, 1),
        "requests_per_second_per_pod_on_its_request": round(found.requested_rate_per_pod, 1),
        "pods_for_rate": found.pods_for_rate,
        "carries_rate": found.carries_rate,
        "peak_replicas": found.peak_replicas,
        "served_share": round(found.served_share, 5),
        "short_s": found.short_s,
        "pod_hours": round(found.pod_hours, 3),
        "core_hours": round(found.core_hours, 3),
        "latency_ms": round(found.latency_s * 1000, 2),
        "worst_latency_ms": round(found.worst_latency_s * 1000, 2),
        "borrowed_share": round(found.borrowed_share, 3),
        "objections": list(found.objections),
    }


def as_text(
    cost: Cost,
    rate: float,
    trace: Trace,
    outlooks: Sequence[Outlook],
    chosen: Recommendation,
) -> str:
    """Return the table as text, for people."""
    parts = "as given"
    if cost.handler_s is not None:
        parts = (
            f"{_us(cost.handler_s)} the handler's, median of {cost.requests}; "
            f"{_us(cost.cpu_s - cost.handler_s)} the server's, on kept connections"
        )
    lines = [
        f"CPU per request: {_us(cost.cpu_s)} ({parts})",
        f"planned for {rate:g} requests/s; a trace of {trace.duration_s / 60:g} minutes with up to "
        f"{trace.peak:g}",
        "",
        "requested: req/s on the CPU request alone, which a full node still grants; pods: for the",
        "planned rate; right of the bar: what the HPA does over the trace; core-h: taken from the",
        "nodes; ms: mean time of a request, and the same at the worst moment",
        "",
        _header(),
        *(_line(found) for found in outlooks),
        "",
        *(f"{found.profile.name}: {why}" for found in outlooks for why in found.objections),
        f"recommended: {chosen.name}, because {chosen.why}",
    ]
    return "\n".join(lines)


def _us(seconds: float) -> str:
    return f"{seconds * 1e6:.0f} µs"


def _header() -> str:
    return (
        f"{'profile':11} {'request/limit':>13} {'HPA':>13} {'req/s a pod':>11} {'requested':>9} "
        f"{'pods':>4} | {'peak':>4} {'served':>7} {'short':>6} {'pod-h':>6} {'core-h':>6} "
        f"{'ms':>6} {'worst':>6}"
    )


def _line(found: Outlook) -> str:
    profile, scaling = found.profile, found.profile.scaling
    limit = "none" if profile.limit_cores is None else _milli(profile.limit_cores)
    bounds = f"{scaling.min_replicas}..{scaling.max_replicas}"
    pods = f"{found.pods_for_rate}{'' if found.carries_rate else '!'}"
    return (
        f"{profile.name:11} {_milli(profile.request_cores) + '/' + limit:>13} "
        f"{target_text(scaling.target) + ' ' + bounds:>13} {found.rate_per_pod:>11.0f} "
        f"{found.requested_rate_per_pod:>9.0f} {pods:>4} | {found.peak_replicas:>4} "
        f"{found.served_share:>7.1%} {found.short_s:>5.0f}s {found.pod_hours:>6.1f} "
        f"{found.core_hours:>6.2f} {_ms(found.latency_s):>6} {_ms(found.worst_latency_s):>6}"
    )


def target_text(target: Target) -> str:
    """Return a target for people: `70%`, `700m`, `5 req`."""
    if isinstance(target, Utilization):
        return f"{target.percent}%"
    if isinstance(target, Average) and target.of_cpu:
        return f"{target.value_m}m"
    requests_m = target.value_m if isinstance(target, Average) else target.averages_m[0]
    return f"{requests_m / 1000:g} req"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.3g}" if seconds < 1 else f"{seconds * 1000:.0f}"


def _milli(cores: float) -> str:
    return f"{cores * 1000:.0f}m"
