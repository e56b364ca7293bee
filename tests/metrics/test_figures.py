"""Figures for people, from totals at two moments."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from nexus.metrics.figures import Totals, between, quantile, totals

TEXT = """\
nexus_handler_executions_total{handler="a",status="ok"} 8.0
nexus_handler_executions_total{handler="a",status="trap"} 2.0
nexus_handler_execution_seconds_bucket{handler="a",le="0.1"} 5.0
nexus_handler_execution_seconds_bucket{handler="a",le="1.0"} 10.0
nexus_handler_execution_seconds_bucket{handler="a",le="+Inf"} 10.0
nexus_handler_cpu_seconds_total{handler="a"} 3.0
nexus_handler_memory_peak_bytes{handler="a"} 1048576.0
nexus_errors_total{code="TIMEOUT"} 7.0
"""


def test_totals_are_read_from_metrics() -> None:
    found = totals(text_string_to_metric_families(TEXT))
    assert found.keys() == {"a"}
    assert (found["a"].runs, found["a"].errors, found["a"].cpu_s) == (10, 2, 3)
    assert found["a"].buckets == {0.1: 5, 1.0: 10, float("inf"): 10}
    assert totals(CollectorRegistry().collect()) == {}


def test_versions_are_counted_apart_if_asked() -> None:
    text = (
        TEXT
        + """\
nexus_version_executions_total{handler="a",version="v2",status="ok"} 3.0
nexus_version_executions_total{handler="a",version="v2",status="trap"} 1.0
nexus_version_execution_seconds_bucket{handler="a",version="v2",le="+Inf"} 4.0
"""
    )
    assert totals(text_string_to_metric_families(text)).keys() == {"a"}
    found = totals(text_string_to_metric_families(text), versions=True)
    assert found["a@v2"] == Totals(4, 1, buckets={float("inf"): 4})
    assert found["a"].runs == 10


def test_the_span_between_two_looks() -> None:
    before = {"a": Totals(4, 1, 2.0, 1.0, {0.1: 4, 1.0: 4, float("inf"): 4})}
    after = totals(text_string_to_metric_families(TEXT))
    found = between(before, after, 2.0)["a"]
    assert (found.rate, found.error_rate, found.cpu_cores) == (3.0, 0.5, 0.5)
    assert found.p50_s == pytest.approx(0.1 + 0.9 * 2 / 5)
    assert found.memory_bytes == 1048576


def test_a_server_that_began_anew_counts_from_zero() -> None:
    before = {"a": Totals(1000, 0, 50.0, 1.0, {0.1: 900, 1.0: 900, float("inf"): 1000})}
    found = between(before, totals(text_string_to_metric_families(TEXT)), 2.0)["a"]
    assert (found.rate, found.cpu_cores) == (5.0, 1.5)


@pytest.mark.parametrize(
    ("counts", "share", "wanted"),
    [
        ({}, 0.5, None),
        ({1.0: 0.0, float("inf"): 0.0}, 0.5, None),
        ({1.0: 10.0, float("inf"): 10.0}, 0.5, 0.5),
        ({1.0: 5.0, 2.0: 10.0, float("inf"): 10.0}, 0.75, 1.5),
        ({1.0: 0.0, float("inf"): 10.0}, 0.99, 1.0),
    ],
)
def test_quantiles(counts: dict[float, float], share: float, wanted: float | None) -> None:
    assert quantile(counts, share) == wanted
