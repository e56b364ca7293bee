"""Client spans of what a run asks of others: outbound requests and the key-value store.

Names and attributes are those of OpenTelemetry's semantic conventions for HTTP clients and database
clients.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from urllib.parse import urlsplit

from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from nexus.plugin_api.filters import KeyValueCall
from nexus.plugin_api.values import OutboundRecord

METHODS = frozenset(
    {"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"}
)
"""The known methods. Others become `_OTHER` in attributes, so that clients cannot invent values."""
PORTS = {"http": 80, "https": 443}
propagator = TraceContextTextMapPropagator()


class Calls:
    """A `CallObserver`: makes a client span of each call, below the request's span."""

    def __init__(
        self, tracer: Tracer, parent: Span, given: str, store: str, *, sends: bool
    ) -> None:
        """*given*: the `traceparent` that the guest got. *store*: the name of the key-value store.
        *sends*: whether servers get the trace."""
        self._tracer, self._given, self._store = tracer, given, store
        self._inside, self._sends = set_span_in_context(parent, Context()), sends

    def outbound(self, method: str, url: str, headers: Mapping[str, str]) -> HttpCall:
        """Begin the span of a request."""
        known = method if method in METHODS else "_OTHER"
        name = known if known != "_OTHER" else "HTTP"
        attributes = {"http.request.method": known, **_server(url)}
        span = self._tracer.start_span(name, self._inside, SpanKind.CLIENT, attributes)
        carrier: dict[str, str] = {}
        # A guest that traces by itself keeps its own trace; what it merely passed on is replaced.
        if self._sends and headers.get("traceparent", self._given) == self._given:
            propagator.inject(carrier, set_span_in_context(span, Context()))
        return HttpCall(span, carrier)

    def key_value(self, call: KeyValueCall) -> None:
        """Make the span of an operation that has ended."""
        began_ns = time.time_ns() - round((time.monotonic() - call.began) * 1e9)
        attributes = {
            "db.system.name": self._store,
            "db.operation.name": call.operation,
            "db.namespace": call.namespace,
        }
        name = f"{call.operation} {call.namespace}"
        span = self._tracer.start_span(
            name, self._inside, SpanKind.CLIENT, attributes, start_time=began_ns
        )
        if call.outcome != "ok":
            span.set_attribute("error.type", call.outcome)
            span.set_status(Status(StatusCode.ERROR))
        span.end(began_ns + round(call.duration_s * 1e9))


class HttpCall:
    """An `OutboundCall`: one request, under way."""

    def __init__(self, span: Span, headers: Mapping[str, str]) -> None:
        self._span, self.headers = span, headers

    def end(self, record: OutboundRecord) -> None:
        """End the span."""
        span = self._span
        if span.is_recording():
            span.set_attribute("http.request.body.size", record.sent_bytes)
            if record.status:
                span.set_attribute("http.response.status_code", record.status)
                span.set_attribute("http.response.body.size", record.received_bytes)
            if not record.status or record.status >= 400:
                span.set_attribute("error.type", str(record.status or record.outcome))
                span.set_status(Status(StatusCode.ERROR))
        span.end()


def _server(url: str) -> dict[str, str | int]:
    """Return the attributes of a checked URL without query, user and password."""
    parts = urlsplit(url)
    return {
        "url.full": url,
        "server.address": parts.hostname or "",
        "server.port": parts.port or PORTS[parts.scheme],
    }
