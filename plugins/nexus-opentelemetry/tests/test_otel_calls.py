"""The client spans of what a run asks of others, and what the servers get of them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

import nexus_opentelemetry
from nexus.config import Settings
from nexus.model import Handler, HttpResponse, OutboundRecord, Outcome
from nexus.plugin_api.filters import KeyValueCall

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
URL = "https://api.test:8443/x"


class Traced:
    """One request, under way, and the spans that it made."""

    def __init__(
        self, collector: Any, handler: Handler, flags: str = "01", **table: object
    ) -> None:
        options = {"opentelemetry": {"endpoint": collector.url, **table}}
        settings = Settings(cache_dir=Path("/nowhere"), kv_store="redis", plugins=options)
        filters = nexus_opentelemetry.nexus_request_filters(settings)
        assert filters is not None
        self._filter: Any = filters[0]
        self._handler, self._collector = handler, collector
        self.environ: dict[str, Any] = {"REQUEST_METHOD": "GET", "PATH_INFO": "/orders"}
        self.environ["HTTP_TRACEPARENT"] = f"00-{TRACE}-{PARENT}-{flags}"
        self.environ["HTTP_TRACESTATE"] = "vendor=1"
        self._filter.begin(handler, self.environ)
        self.calls = self._filter.observer(handler, self.environ)

    def spans(self) -> tuple[Any, list[Any]]:
        """End the request; return the span of the server, and those of its calls."""
        response = HttpResponse(200, [], b"")
        self._filter.end(self._handler, self.environ, response, Outcome.OK, None)
        self._filter.close()
        (server,) = [span for span in self._collector.spans if span.kind == span.SPAN_KIND_SERVER]
        return server, [span for span in self._collector.spans if span is not server]


def attributes(of: Any) -> dict[str, Any]:
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in of.attributes}


def record(outcome: str, status: int = 0) -> OutboundRecord:
    return OutboundRecord("orders", "x", "api.test", outcome, URL, "GET", status, 0.1, 3, 5)


def test_a_server_continues_the_trace(collector: Any, handler: Handler) -> None:
    traced = Traced(collector, handler)
    call = traced.calls.outbound("GET", URL, {})
    call.end(record("answered", 200))
    server, (client,) = traced.spans()
    sent = {"traceparent": f"00-{TRACE}-{client.span_id.hex()}-01", "tracestate": "vendor=1"}
    assert call.headers == sent
    assert (client.trace_id, client.parent_span_id) == (server.trace_id, server.span_id)
    assert (client.kind, client.name) == (client.SPAN_KIND_CLIENT, "GET")
    assert attributes(client) == {
        "http.request.method": "GET",
        "url.full": URL,
        "server.address": "api.test",
        "server.port": 8443,
        "http.response.status_code": 200,
        "http.request.body.size": 3,
        "http.response.body.size": 5,
    }
    assert client.status.code == 0


@pytest.mark.parametrize(
    ("outcome", "status", "kind"),
    [("answered", 404, "404"), ("answered", 500, "500"), ("timeout", 0, "timeout")],
)
def test_a_request_that_fails(
    outcome: str, status: int, kind: str, collector: Any, handler: Handler
) -> None:
    traced = Traced(collector, handler)
    traced.calls.outbound("BREW", "http://api.test/", {}).end(record(outcome, status))
    _, (client,) = traced.spans()
    assert client.name == "HTTP"
    found = attributes(client)
    assert (found["http.request.method"], found["server.port"]) == ("_OTHER", 80)
    assert (found["error.type"], client.status.code) == (kind, client.status.STATUS_CODE_ERROR)


def test_whose_traceparent_is_sent(collector: Any, handler: Handler) -> None:
    """A trace that the guest made stays; one that it got and passes on is continued."""
    traced = Traced(collector, handler)
    passed_on = {"traceparent": traced.environ["HTTP_TRACEPARENT"]}
    headers = traced.calls.outbound("GET", URL, passed_on).headers
    assert headers["traceparent"].startswith(f"00-{TRACE}-")
    assert headers["traceparent"] != passed_on["traceparent"]
    own = {"traceparent": f"00-{'1' * 32}-{'2' * 16}-01"}
    assert traced.calls.outbound("GET", URL, own).headers == {}
    traced.spans()
    kept = Traced(collector, handler, send_traceparent=False)
    assert kept.calls.outbound("GET", URL, {}).headers == {}


def test_what_is_not_sampled_is_sent_on_so(collector: Any, handler: Handler) -> None:
    traced = Traced(collector, handler, flags="00")
    call = traced.calls.outbound("GET", URL, {})
    call.end(record("answered", 200))
    assert call.headers["traceparent"].startswith(f"00-{TRACE}-")
    assert call.headers["traceparent"].endswith("-00")


def test_operations_of_the_key_value_store(collector: Any, handler: Handler) -> None:
    traced = Traced(collector, handler)
    for operation, outcome in (("get", "ok"), ("put", "unavailable")):
        began = time.monotonic() - 0.5
        traced.calls.key_value(KeyValueCall(operation, "orders", outcome, began, 0.25))
    server, (get, put) = traced.spans()
    assert get.parent_span_id == put.parent_span_id == server.span_id
    assert attributes(get) == {
        "db.system.name": "redis",
        "db.operation.name": "get",
        "db.namespace": "orders",
    }
    assert (get.name, get.status.code) == ("get orders", 0)
    assert get.end_time_unix_nano - get.start_time_unix_nano == 250_000_000
    assert attributes(put)["error.type"] == "unavailable"
    assert put.status.code == put.status.STATUS_CODE_ERROR
