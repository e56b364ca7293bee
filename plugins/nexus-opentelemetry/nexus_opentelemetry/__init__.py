"""Traces and metrics of Nexus by the OpenTelemetry SDK, exported over OTLP/HTTP.

`options` checks the configuration, `providers` makes the SDK's objects, `tracing` is the request
filter, `calls` observes what a run asks of other services, `metrics` is the sink. The SDK takes a
moment to import, so it is imported only if it is used.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from nexus.plugin_api.filters import RequestFilter
from nexus.plugin_api.hooks import hookimpl
from nexus.plugin_api.metrics import MetricsSink
from nexus.plugin_api.options import plugin_options
from nexus.plugin_api.settings import Settings
from nexus_opentelemetry.options import Options, is_wanted

TABLE = "opentelemetry"


@hookimpl
def nexus_metrics_sinks(settings: Settings) -> Sequence[MetricsSink] | None:
    """Return one sink, or None if no collector is named or metrics are off."""
    options = _options(settings)
    if not options or not options.metrics:
        return None
    from nexus_opentelemetry.metrics import OtelSink
    from nexus_opentelemetry.providers import Metrics

    return [OtelSink(Metrics(options))]


@hookimpl
def nexus_request_filters(settings: Settings) -> Sequence[RequestFilter] | None:
    """Return one filter, or None if no collector is named or traces are off."""
    options = _options(settings)
    if not options or not options.traces:
        return None
    from nexus_opentelemetry.providers import Traces
    from nexus_opentelemetry.tracing import Tracing

    return [
        Tracing(
            Traces(options),
            trust_traceparent=options.trust_traceparent,
            send_traceparent=options.send_traceparent,
            store=settings.kv_store,
        )
    ]


def _options(settings: Settings) -> Options | None:
    if not is_wanted(settings.plugins.get(TABLE, {}), os.environ):
        return None
    return plugin_options(settings, TABLE, Options)
