"""Sends the metrics of Nexus to a StatsD or DogStatsD agent.

`options` checks the configuration, `sink` adds up the figures, `lines` writes them in the protocol,
`transport` sends them.
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
    """Return one sink for the agent in the table `plugins.statsd`, or None without that table."""
    if not settings.plugins.get("statsd"):
        return None
    options = plugin_options(settings, "statsd", Options)
    dialect = Dialect(options.prefix, options.tags, tagged=options.dialect == "dogstatsd")
    return [StatsdSink(dialect, Transport(options))]
