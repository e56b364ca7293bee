"""Counts the errors of plugins while requests are served."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter

from nexus.metrics.counters import PLUGIN_ERRORS


class PluginErrors:
    """`nexus_plugin_errors_total`. Thread-safe."""

    def __init__(self, registry: CollectorRegistry | None) -> None:
        """*registry* None: the values live in prometheus_client's multiprocess files alone."""
        self._counter = Counter(*PLUGIN_ERRORS, registry=registry)

    def count(self, plugin: str) -> None:
        """Count one."""
        self._counter.labels(plugin).inc()
