"""Sends the metrics of Nexus to a StatsD or DogStatsD agent.

`options` says what may be configured, `sink` adds up what happens, `lines` writes it in the
protocol, `transport` sends it.
"""

from __future__ import annotations

from collections.abc import Sequence

from nexus.plugin_api.hooks import hookimpl
from nexus.plugin_api.metrics import MetricsSink
from nexus.plugin_api.options import plugin_options
from nexus.plugin_api.settings import Settings
from nexus_statsd.lines import Dialect
from nexus_statsd.options import Options
from nexus_statsd.sink import StatsdSink
from nexus_statsd.transport import Transport


@hookimpl
def nexus_metrics_sinks(settings: Settings) -> Sequence[MetricsSink] | None:
    """One sink, for the agent that `plugins.statsd` names; none where there is no such table."""
    if not settings.plugins.get("statsd"):
        return None
    options = plugin_options(settings, "statsd", Options)
    dialect = Dialect(options.prefix, options.tags, tagged=options.dialect == "dogstatsd")
    return [StatsdSink(dialect, Transport(options))]
