"""A server span for each request, an internal one for each other run; a child for each stage.

W3C Trace Context: the server's span continues a client's `traceparent`. The guest gets the server's
span as `traceparent`, the client gets it as `traceresponse` (Trace Context level 2).
"""

from __future__ import annotations

import re
import time
from typing import Any, NamedTuple

from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, set_span_in_context

from nexus.plugin_api.filters import OtherRun
from nexus.plugin_api.values import Handler, HttpResponse, Outcome, Usage
from nexus_opentelemetry.calls import METHODS, Calls, propagator
from nexus_opentelemetry.providers import Traces

SPAN = "nexus_opentelemetry.span"
"""The span's key in the environ. Guests do not see it: it is not the name of a meta-variable."""
HEADERS = {"traceparent": "HTTP_TRACEPARENT", "tracestate": "HTTP_TRACESTATE"}
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}.{0,200}\Z")
"""The form of a valid `traceparent`. Others are ignored; the SDK would log each of them."""


class Began(NamedTuple):
    """One request under way."""

    span: Span
    wall_ns: int
    monotonic_s: float


class Tracing:
    """A `RequestFilter`. A request that is not sampled costs only a span's id and a header."""

    def __init__(
        self, traces: Traces, *, trust_traceparent: bool, send_traceparent: bool, store: str
    ) -> None:
        """*store*: the name of the key-value store."""
        self._traces, self._trust = traces, trust_traceparent
        self._sends, self._store = send_traceparent, store
        self._tracer: Tracer = traces.provider.get_tracer("nexus")

    def begin(self, handler: Handler, environ: dict[str, Any]) -> None:
        """Start the server's span, and pass it to the guest."""
        began_ns, began = time.time_ns(), time.monotonic()
        method = _method(environ)
        span = self._tracer.start_span(
            f"{method if method != '_OTHER' else 'HTTP'} {handler.route}",
            self._parent(environ),
            SpanKind.SERVER,
            _request_attributes(handler, environ, method),  # a sampler may look at them
            start_time=began_ns,
        )
        environ[SPAN] = Began(span, began_ns, began)
        carrier: dict[str, str] = {}
        propagator.inject(carrier, set_span_in_context(span, Context()))
        for header, variable in HEADERS.items():
            environ.pop(variable, None)
            if header in carrier:
                environ[variable] = carrier[header]

    def observer(self, handler: Handler, environ: dict[str, Any]) -> Calls:
        """Return what makes client spans of the request's calls."""
        given = environ.get("HTTP_TRACEPARENT", "")
        span = environ[SPAN].span
        return Calls(self._tracer, span, str(given), self._store, sends=self._sends)

    def end(
        self,
        handler: Handler,
        environ: dict[str, Any],
        response: HttpResponse,
        outcome: Outcome,
        usage: Usage | None,
    ) -> None:
        """End the span, and add it to the response as `traceresponse`."""
        began: Began = environ.pop(SPAN)
        span = began.span
        context = span.get_span_context()
        if context.is_valid:
            headers = response.headers
            headers[:] = [pair for pair in headers if pair[0].lower() != "traceresponse"]
            said = f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"
            headers.append(("traceresponse", said))
        if span.is_recording():
            if usage is not None:
                self.stages(began, usage)
                span.set_attributes(_usage_attributes(usage))
            span.set_attribute("http.response.status_code", response.status)
            span.set_attribute("nexus.outcome", outcome.value)
            if response.status >= 500:
                span.set_attribute("error.type", outcome.value)
                span.set_status(Status(StatusCode.ERROR))
        span.end()

    def begin_run(self, handler: Handler, run: OtherRun) -> RunSpan:
        """Start the span of a run that no request begins; the server of a trace is not known."""
        began_ns, began = time.time_ns(), time.monotonic()
        attributes = {
            "nexus.handler": handler.name,
            "nexus.execution_id": run.execution_id,
            "faas.trigger": "timer" if run.kind == "schedule" else "other",
        }
        if run.cron:
            attributes["faas.cron"] = run.cron
        name = f"{run.kind} {handler.name}"
        span = self._tracer.start_span(
            name, Context(), SpanKind.INTERNAL, attributes, start_time=began_ns
        )
        return RunSpan(
            self, self._tracer, Began(span, began_ns, began), self._store, sends=self._sends
        )

    def close(self) -> None:
        """Export the remaining spans and end the SDK's thread."""
        self._traces.close()

    def _parent(self, environ: dict[str, Any]) -> Context:
        if not self._trust or not _TRACEPARENT.match(str(environ.get("HTTP_TRACEPARENT", ""))):
            return Context()
        carrier = {
            header: environ[name]
            for header, name in HEADERS.items()
            if isinstance(environ.get(name), str)
        }
        return propagator.extract(carrier, Context())

    def stages(self, began: Began, usage: Usage) -> None:
        """Add a child span for each stage, from the times that the run has measured already."""
        if not usage.acquired_at:
            return  # the run got no instance
        inside = set_span_in_context(began.span, Context())
        acquiring = usage.acquired_at - usage.acquire_s
        for name, start, end in (
            ("queue", acquiring - usage.queue_s, acquiring),
            ("acquire", acquiring, usage.acquired_at),
            ("execute", usage.acquired_at, time.monotonic()),
        ):
            child = self._tracer.start_span(name, inside, start_time=_epoch_ns(began, start))
            child.end(_epoch_ns(began, end))


class RunSpan(Calls):
    """A `RunObserver`: ends the span of a run that no request began."""

    def __init__(
        self, tracing: Tracing, tracer: Tracer, began: Began, store: str, *, sends: bool
    ) -> None:
        super().__init__(tracer, began.span, "", store, sends=sends)
        self._tracing, self._began = tracing, began

    def end(self, outcome: Outcome, usage: Usage) -> None:
        """End the span."""
        span = self._began.span
        if span.is_recording():
            self._tracing.stages(self._began, usage)
            span.set_attributes(_usage_attributes(usage))
            span.set_attribute("nexus.outcome", outcome.value)
            if outcome is not Outcome.OK:
                span.set_attribute("error.type", outcome.value)
                span.set_status(Status(StatusCode.ERROR))
        span.end()


def _epoch_ns(began: Began, monotonic_s: float) -> int:
    return began.wall_ns + max(0, round((monotonic_s - began.monotonic_s) * 1e9))


def _method(environ: dict[str, Any]) -> str:
    method = str(environ.get("REQUEST_METHOD", ""))
    return method if method in METHODS else "_OTHER"


def _request_attributes(
    handler: Handler, environ: dict[str, Any], method: str
) -> dict[str, str | int]:
    """Return the request's attributes, named by the semantic conventions. The query is left out: it
    may hold secrets."""
    found: dict[str, str | int] = {
        "http.request.method": method,
        "http.route": handler.route,
        "url.path": str(environ.get("PATH_INFO", ""))
        .encode("latin-1", "replace")
        .decode("utf-8", "replace"),
        "url.scheme": str(environ.get("wsgi.url_scheme", "http")),
        "nexus.handler": handler.name,
    }
    for name, variable in (
        ("client.address", "REMOTE_ADDR"),
        ("user_agent.original", "HTTP_USER_AGENT"),
        ("server.address", "SERVER_NAME"),
    ):
        if value := environ.get(variable):
            found[name] = str(value)
    return found


def _usage_attributes(usage: Usage) -> dict[str, str | int | float]:
    return {
        "nexus.cpu_seconds": usage.cpu_s,
        "nexus.throttled_seconds": usage.throttled_s,
        "nexus.memory_peak_bytes": usage.memory_peak_bytes,
        "nexus.instructions": usage.instructions,
        "nexus.host_calls": usage.host_calls,
    }
