"""The pod's CPU figures, read at each Prometheus scrape.

They belong to the control group and are the same in every worker, so they are not summed like a
worker's metrics: the scraped worker reads them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from nexus.pod.cgroup import ROOT
from nexus.pod.pressure import pressure
from nexus.pod.quota import quota
from nexus.pod.throttling import Throttling, throttling


class CpuCollector(Collector):
    """Collects `nexus_cpu_…`; leaves out the figures that this machine does not keep."""

    def __init__(self, root: Path = ROOT) -> None:
        self._root = root

    def collect(self) -> Iterator[Metric]:
        cores = quota(self._root).cores
        yield GaugeMetricFamily("nexus_cpu_quota_cores", "Cores this pod may use", value=cores)
        held_back = throttling(self._root)
        if held_back is not None:
            yield from _throttling(held_back)
        waited = pressure(self._root)
        if waited is not None:
            family = CounterMetricFamily(
                "nexus_cpu_pressure_seconds",
                "Time in which a task that could run waited for a CPU",
                labels=["scope"],
            )
            family.add_metric([waited.scope], waited.stalled_s)
            yield family


def _throttling(found: Throttling) -> Iterator[Metric]:
    yield CounterMetricFamily(
        "nexus_cpu_periods", "CFS periods in which this pod wanted to run", value=found.periods
    )
    yield CounterMetricFamily(
        "nexus_cpu_throttled_periods",
        "CFS periods in which its quota ran out",
        value=found.throttled_periods,
    )
    yield CounterMetricFamily(
        "nexus_cpu_throttled_seconds",
        "Time its threads waited for the next period",
        value=found.throttled_s,
    )
