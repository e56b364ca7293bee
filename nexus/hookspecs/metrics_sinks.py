"""Hook `nexus_metrics_sinks`."""

from __future__ import annotations

from collections.abc import Sequence

from nexus.config import Settings
from nexus.hookspecs.markers import hookspec
from nexus.protocols import MetricsSink


@hookspec
def nexus_metrics_sinks(settings: Settings) -> Sequence[MetricsSink] | None:
    """Add objects that are told of every run.

    Called: once per worker, when its service is made, before any handler is loaded.

    Returns: sinks; each is told everything the built-in Prometheus sink is told, after it; of
    suspensions only where it has a method `suspension`, as `SuspensionSink` has. None: no sink.

    Raises: ConfigError where the plugin's own options are wrong; the start ends there. Later,
    what a sink's method raises never fails a request: it is logged once, counted as
    `nexus_plugin_errors_total{plugin}` and skipped.
    """
