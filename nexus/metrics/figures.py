"""Figures of each handler for people, from the metrics: rates, times, CPU, memory, errors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from prometheus_client import Metric
from prometheus_client.samples import Sample

NAMES: Final = (
    "nexus_handler_executions_total",
    "nexus_handler_execution_seconds_bucket",
    "nexus_handler_cpu_seconds_total",
    "nexus_handler_memory_peak_bytes",
)
"""Names of the samples that `totals` reads"""
VERSION_NAMES: Final = (
    "nexus_version_executions_total",
    "nexus_version_execution_seconds_bucket",
)
"""Names of the samples that `totals` reads for versions"""


@dataclass
class Totals:
    """One handler's figures since the workers began."""

    runs: float = 0.0
    errors: float = 0.0
    cpu_s: float = 0.0
    memory_bytes: float = 0.0
    buckets: dict[float, float] = field(default_factory=dict)
    """runs by the upper bound of their time in seconds, counted upwards"""


@dataclass(frozen=True)
class Figures:
    """One handler's figures in a span of time."""

    rate: float
    """runs in a second"""
    error_rate: float
    """failed runs in a second"""
    p50_s: float | None
    """None: there were no runs"""
    p99_s: float | None
    cpu_cores: float
    memory_bytes: float
    """the most of any run since the workers began"""


def totals(families: Iterable[Metric], *, versions: bool = False) -> dict[str, Totals]:
    """Return the totals by handler; with *versions*, also those of versions that share a handler's
    requests, by `HANDLER@VERSION`, without CPU and memory."""
    found: dict[str, Totals] = {}
    for family in families:
        for sample in family.samples:
            handler, version = sample.labels.get("handler"), sample.labels.get("version")
            if handler is not None and sample.name in NAMES:
                _add(found.setdefault(handler, Totals()), sample)
            elif versions and version is not None and sample.name in VERSION_NAMES:
                _add(found.setdefault(f"{handler}@{version}", Totals()), sample)
    return found


def _add(total: Totals, sample: Sample) -> None:
    if sample.name.endswith("_executions_total"):
        total.runs += sample.value
        total.errors += 0 if sample.labels["status"] == "ok" else sample.value
    elif sample.name.endswith("_bucket"):
        bound = float(sample.labels["le"])
        total.buckets[bound] = total.buckets.get(bound, 0.0) + sample.value
    elif sample.name.endswith("_cpu_seconds_total"):
        total.cpu_s += sample.value
    else:
        total.memory_bytes = max(total.memory_bytes, sample.value)


def between(
    before: Mapping[str, Totals], after: Mapping[str, Totals], seconds: float
) -> dict[str, Figures]:
    """Return the figures of the span between two totals. Totals that shrank, since the server
    began anew, count from zero."""
    return {name: _between(before.get(name), now, seconds) for name, now in after.items()}


def _between(then: Totals | None, now: Totals, seconds: float) -> Figures:
    if then is None or then.runs > now.runs:
        then = Totals()
    grown = {bound: count - then.buckets.get(bound, 0.0) for bound, count in now.buckets.items()}
    return Figures(
        rate=max(0.0, now.runs - then.runs) / seconds,
        error_rate=max(0.0, now.errors - then.errors) / seconds,
        p50_s=quantile(grown, 0.5),
        p99_s=quantile(grown, 0.99),
        cpu_cores=max(0.0, now.cpu_s - then.cpu_s) / seconds,
        memory_bytes=now.memory_bytes,
    )


def quantile(buckets: Mapping[float, float], share: float) -> float | None:
    """Return the time that *share* of the runs stayed below, within the width of a bucket, like
    Prometheus's `histogram_quantile`; None without runs."""
    counted = sorted(buckets.items())
    if not counted or counted[-1][1] <= 0:
        return None
    wanted = share * counted[-1][1]
    for (low, fewer), (high, more) in pairwise([(0.0, 0.0), *counted]):
        if more >= wanted:
            if high == float("inf"):
                return low
            return low + (high - low) * (wanted - fewer) / (more - fewer)
    return counted[-1][0]
