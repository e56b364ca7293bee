"""The counters beside the data path's."""

from __future__ import annotations

from prometheus_client import REGISTRY, CollectorRegistry

from nexus.metrics.plugin_errors import PluginErrors
from nexus.metrics.workers import count_stuck


def test_errors_of_plugins_are_counted_by_plugin() -> None:
    registry = CollectorRegistry()
    errors = PluginErrors(registry)
    for plugin in ("a", "b", "a"):
        errors.count(plugin)
    name = "nexus_plugin_errors_total"
    assert registry.get_sample_value(name, {"plugin": "a"}) == 2
    assert registry.get_sample_value(name, {"plugin": "b"}) == 1


def test_replaced_workers_are_counted_by_reason() -> None:
    name, labels = "nexus_workers_replaced_total", {"reason": "stuck"}
    before = REGISTRY.get_sample_value(name, labels) or 0.0
    count_stuck()
    count_stuck()
    assert REGISTRY.get_sample_value(name, labels) == before + 2
