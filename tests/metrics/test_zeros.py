"""Counters are there from the start."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter

from nexus.metrics.counters import COUNTERS, ERRORS, EXECUTIONS, REPLACED
from nexus.metrics.zeros import WithZeros


def test_what_has_not_counted_is_zero_and_what_has_stays() -> None:
    registry = CollectorRegistry()
    executions = Counter(*EXECUTIONS, registry=registry)
    Counter("other", "another's", registry=registry).inc()
    executions.labels("a", "ok").inc(3)
    executions.labels("gone", "ok").inc()
    known = {EXECUTIONS: [("a", "ok"), ("a", "trap")], REPLACED: [("stuck",)], ERRORS: []}
    families = {family.name: family for family in WithZeros(registry, lambda: known).collect()}
    found = {
        (sample.name, *sample.labels.values()): sample.value
        for family in families.values()
        for sample in family.samples
        if not sample.name.endswith("_created")
    }
    assert found == {
        ("nexus_handler_executions_total", "a", "ok"): 3.0,
        ("nexus_handler_executions_total", "gone", "ok"): 1.0,
        ("nexus_handler_executions_total", "a", "trap"): 0.0,
        ("nexus_workers_replaced_total", "stuck"): 0.0,
        ("other_total",): 1.0,
    }
    assert families["nexus_workers_replaced"].documentation == REPLACED.help


def test_every_labelled_counter_is_in_the_table() -> None:
    names = [counter.name for counter in COUNTERS]
    assert len(set(names)) == len(names) == 19
