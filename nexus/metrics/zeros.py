"""Adds a 0 for each counter that has not counted yet.

`increase` and `rate` miss the first count of a series that begins at 1: an alert on the first
replaced worker would never fire. The zeros are added at each scrape. Written to the workers' files
they would make each file larger by all outcomes of all handlers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeAlias

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from nexus.metrics.counters import LabelledCounter

Known: TypeAlias = Mapping[LabelledCounter, Iterable[tuple[str, ...]]]
"""Maps a counter to the values its labels may have, in the labels' order."""


class WithZeros(Collector):
    """The metrics of another collector, and a 0 for each known series that it lacks."""

    def __init__(self, collector: Collector, known: Callable[[], Known]) -> None:
        """*known* returns the series that must exist; it is called at each scrape."""
        self._collector, self._known = collector, known

    def collect(self) -> Iterator[Metric]:
        families = {family.name: family for family in self._collector.collect()}
        for counter, values in self._known().items():
            family = families.get(counter.name)
            if family is None:
                family = CounterMetricFamily(counter.name, counter.help, labels=counter.labels)
                families[counter.name] = family
            _fill(family, counter, values)
        yield from families.values()


def _fill(family: Metric, counter: LabelledCounter, values: Iterable[tuple[str, ...]]) -> None:
    name = f"{counter.name}_total"
    there = {
        tuple(sample.labels[label] for label in counter.labels)
        for sample in family.samples
        if sample.name == name
    }
    for found in values:
        if found not in there:
            labels = dict(zip(counter.labels, found, strict=True))
            family.samples.append(Sample(name, labels, 0.0))
