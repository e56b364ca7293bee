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
"""longest that the last export is tried: a collector may be gone, and the worker must end"""


class Traces:
    """Spans are batched, and exported by a thread of the SDK. OTEL_TRACES_SAMPLER, OTEL_BSP_* and
    OTEL_EXPORTER_OTLP_* are the SDK's to read."""

    def __init__(self, options: Options) -> None:
        endpoint = f"{options.endpoint}/v1/traces" if options.endpoint else None
        self._exporter = OTLPSpanExporter(endpoint=endpoint)
        self.provider = TracerProvider(resource=_resource(options), shutdown_on_exit=False)
        self.provider.add_span_processor(BatchSpanProcessor(self._exporter))

    def close(self) -> None:
        """Export what there is, and end the SDK's thread."""
        _close(self.provider.shutdown, self._exporter.shutdown)


class Metrics:
    """Metrics are added up here and exported every OTEL_METRIC_EXPORT_INTERVAL."""

    def __init__(self, options: Options) -> None:
        endpoint = f"{options.endpoint}/v1/metrics" if options.endpoint else None
        self._exporter = OTLPMetricExporter(endpoint=endpoint)
        reader = PeriodicExportingMetricReader(self._exporter)
        self.provider = MeterProvider([reader], resource=_resource(options), shutdown_on_exit=False)

    def close(self) -> None:
        """Export for the last time, and end the SDK's thread."""
        _close(self.provider.shutdown, self._exporter.shutdown)


def _close(shutdown: Callable[[], None], give_up: Callable[[], None]) -> None:
    """The SDK tries for up to 30 s; an exporter that is shut down stops trying."""
    timer = threading.Timer(CLOSE_S, give_up)
    timer.daemon = True
    timer.start()
    try:
        shutdown()
    finally:
        timer.cancel()
        timer.join()


def _resource(options: Options) -> Resource:
    """Each worker is an instance of its own: otherwise their sums would be taken for one's."""
    name = options.service_name or os.environ.get("OTEL_SERVICE_NAME") or "nexus"
    return Resource.create(
        {
            "service.name": name,
            "service.instance.id": str(uuid.uuid4()),
            "process.pid": os.getpid(),
        }
    )
