"""Figures computed from others, at each scrape, over all workers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector


class WithDerived(Collector):
    """The metrics of another collector, plus `nexus_handler_execution_seconds_average`,
    `nexus_cache_hit_rate` and `nexus_peak_memory_bytes`."""

    def __init__(self, collector: Collector) -> None:
        self._collector = collector

    def collect(self) -> Iterator[Metric]:
        found = list(self._collector.collect())
        yield from found
        yield _average_seconds(found)
        yield _cache_hit_rate(found)
        yield _peak_memory(found)


def _average_seconds(found: Iterable[Metric]) -> Metric:
    name = "nexus_handler_execution_seconds"
    totals = {sample.labels["handler"]: sample.value for sample in _samples(found, f"{name}_sum")}
    family = GaugeMetricFamily(
        f"{name}_average", "Wall time of all runs, on average", labels=["handler"]
    )
    for sample in _samples(found, f"{name}_count"):
        if sample.value:
            handler = sample.labels["handler"]
            family.add_metric([handler], totals[handler] / sample.value)
    return family


def _cache_hit_rate(found: Iterable[Metric]) -> Metric:
    requests = {
        sample.labels["result"]: sample.value
        for sample in _samples(found, "nexus_cache_requests_total")
    }
    family = GaugeMetricFamily(
        "nexus_cache_hit_rate", "Artifacts found in the cache, of all wanted"
    )
    if total := sum(requests.values()):
        family.add_metric([], requests.get("hit", 0.0) / total)
    return family


def _peak_memory(found: Iterable[Metric]) -> Metric:
    peaks = [sample.value for sample in _samples(found, "nexus_handler_memory_peak_bytes")]
    family = GaugeMetricFamily("nexus_peak_memory_bytes", "Most linear memory any run had")
    if peaks:
        family.add_metric([], max(peaks))
    return family


def _samples(found: Iterable[Metric], name: str) -> Iterator:  # type: ignore[type-arg]
    return (sample for metric in found for sample in metric.samples if sample.name == name)
