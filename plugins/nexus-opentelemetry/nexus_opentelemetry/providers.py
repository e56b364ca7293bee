"""The SDK's providers, made for one worker; nothing of them is global."""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Callable

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from nexus_opentelemetry.options import Options

CLOSE_S = 2.0
"""How long the last export may take; then it is given up, so that a worker ends even if the
collector is down."""


class Traces:
    """The SDK's provider of traces; a thread of the SDK exports spans in batches. The SDK itself
    reads OTEL_TRACES_SAMPLER, OTEL_BSP_* and OTEL_EXPORTER_OTLP_*."""

    def __init__(self, options: Options) -> None:
        endpoint = f"{options.endpoint}/v1/traces" if options.endpoint else None
        self._exporter = OTLPSpanExporter(endpoint=endpoint)
        self.provider = TracerProvider(resource=_resource(options), shutdown_on_exit=False)
        self.provider.add_span_processor(BatchSpanProcessor(self._exporter))

    def close(self) -> None:
        """Export the remaining spans, and end the SDK's thread."""
        _close(self.provider.shutdown, self._exporter.shutdown)


class Metrics:
    """The SDK's provider of metrics; adds them up, exports every OTEL_METRIC_EXPORT_INTERVAL."""

    def __init__(self, options: Options) -> None:
        endpoint = f"{options.endpoint}/v1/metrics" if options.endpoint else None
        self._exporter = OTLPMetricExporter(endpoint=endpoint)
        reader = PeriodicExportingMetricReader(self._exporter)
        self.provider = MeterProvider([reader], resource=_resource(options), shutdown_on_exit=False)

    def close(self) -> None:
        """Export for the last time, and end the SDK's thread."""
        _close(self.provider.shutdown, self._exporter.shutdown)


def _close(shutdown: Callable[[], None], give_up: Callable[[], None]) -> None:
    """Shut the provider down, and after `CLOSE_S` its exporter, which then gives up. The SDK alone
    would try for up to 30 s."""
    timer = threading.Timer(CLOSE_S, give_up)
    timer.daemon = True
    timer.start()
    try:
        shutdown()
    finally:
        timer.cancel()
        timer.join()


def _resource(options: Options) -> Resource:
    """Return the resource of this worker. Each worker is an instance of its own; otherwise a
    collector would take the sums of several workers for those of one."""
    name = options.service_name or os.environ.get("OTEL_SERVICE_NAME") or "nexus"
    return Resource.create(
        {
            "service.name": name,
            "service.instance.id": str(uuid.uuid4()),
            "process.pid": os.getpid(),
        }
    )
