"""Figures that follow from others, whatever wrote those."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from nexus.metrics.derived import WithDerived


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def derived(registry: CollectorRegistry) -> CollectorRegistry:
    made = CollectorRegistry()
    made.register(WithDerived(registry))
    return made


AVERAGE = "nexus_handler_execution_seconds_average"


def test_nothing_follows_from_nothing(derived: CollectorRegistry) -> None:
    for name in (AVERAGE, "nexus_cache_hit_rate", "nexus_peak_memory_bytes"):
        assert derived.get_sample_value(name, {}) is None


def test_each_handler_has_its_average(
    registry: CollectorRegistry, derived: CollectorRegistry
) -> None:
    name = AVERAGE.removesuffix("_average")
    seconds = Histogram(name, "", ["handler"], registry=registry)
    for handler, took_s in (("a", 0.5), ("a", 1.5), ("b", 0.25)):
        seconds.labels(handler).observe(took_s)
    seconds.labels("never")
    assert derived.get_sample_value(AVERAGE, {"handler": "a"}) == 1.0
    assert derived.get_sample_value(AVERAGE, {"handler": "b"}) == 0.25
    assert derived.get_sample_value(AVERAGE, {"handler": "never"}) is None


@pytest.mark.parametrize(
    ("counts", "rate"), [({"hit": 3, "miss": 1}, 0.75), ({"miss": 2}, 0.0), ({"hit": 2}, 1.0)]
)
def test_the_hit_rate_is_of_all_that_was_wanted(
    registry: CollectorRegistry,
    derived: CollectorRegistry,
    counts: dict[str, int],
    rate: float,
) -> None:
    requests = Counter("nexus_cache_requests", "", ["result"], registry=registry)
    for result, count in counts.items():
        requests.labels(result).inc(count)
    assert derived.get_sample_value("nexus_cache_hit_rate") == rate


def test_the_peak_is_that_of_the_largest_handler(
    registry: CollectorRegistry, derived: CollectorRegistry
) -> None:
    peaks = Gauge("nexus_handler_memory_peak_bytes", "", ["handler"], registry=registry)
    for handler, size in (("a", 5), ("b", 7), ("c", 6)):
        peaks.labels(handler).set(size)
    assert derived.get_sample_value("nexus_peak_memory_bytes") == 7


def test_what_it_follows_from_is_there_too(
    registry: CollectorRegistry, derived: CollectorRegistry
) -> None:
    Counter("nexus_cache_requests", "", ["result"], registry=registry).labels("hit").inc()
    assert derived.get_sample_value("nexus_cache_requests_total", {"result": "hit"}) == 1
