"""Histograms filled in bulk are what `observe` would have made of them."""

from __future__ import annotations

import math

from hypothesis import example, given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.exposition import generate_latest

from nexus.metrics.distribution import SECONDS, Distribution, add

durations = st.floats(0, 1e6) | st.sampled_from(SECONDS)


def histogram() -> tuple[Histogram, CollectorRegistry]:
    registry = CollectorRegistry()
    return Histogram("h", "h", buckets=SECONDS, registry=registry), registry


def samples(registry: CollectorRegistry) -> dict[tuple[str, str], float]:
    return {
        (sample.name, sample.labels.get("le", "")): sample.value
        for metric in registry.collect()
        for sample in metric.samples
        if not sample.name.endswith("_created")
    }


@given(st.lists(st.lists(durations, max_size=20), max_size=4))
@example([list(SECONDS), []])
@example([[0.0, 1e6, math.nextafter(10.0, 11.0)]])
def test_add_equals_observe(flushes: list[list[float]]) -> None:
    (one_by_one, expected), (at_once, found) = histogram(), histogram()
    for observed in flushes:
        distribution = Distribution()
        for seconds in observed:
            one_by_one.observe(seconds)
            distribution.observe(seconds)
        add(at_once, distribution)
    left, right = samples(expected), samples(found)
    assert left.keys() == right.keys()
    assert all(math.isclose(left[key], right[key], rel_tol=1e-9) for key in left)
    assert generate_latest(found).count(b"\n") == generate_latest(expected).count(b"\n")
