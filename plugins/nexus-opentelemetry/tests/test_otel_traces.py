"""What a collector, a guest and a client see of a request."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import Any

import pytest

import nexus_opentelemetry
from nexus.config import Settings
from nexus.errors import ConfigError
from nexus.model import Handler, HttpResponse, Outcome, Usage

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SAMPLED = f"00-{TRACE}-{PARENT}-01"


def settings(**table: object) -> Settings:
    return Settings(cache_dir=Path("/nowhere"), plugins={"opentelemetry": table})


def tracing(**table: object) -> Any:
    found = nexus_opentelemetry.nexus_request_filters(settings(**table))
    assert found is not None
    return found[0]


def attributes(of: Any) -> dict[str, Any]:
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in of.attributes}


def request(
    to: Any, handler: Handler, *, status: int = 200, outcome: Outcome = Outcome.OK, **environ: Any
) -> tuple[dict[str, Any], dict[str, str]]:
    """Send one request through; return what the guest sees, and the response's headers."""
    seen = {"REQUEST_METHOD": "GET", "PATH_INFO": "/orders/7", "QUERY_STRING": "key=s3cret"}
    seen |= {"wsgi.url_scheme": "http", "REMOTE_ADDR": "10.0.0.9", **environ}
    to.begin(handler, seen)
    guest = {name: value for name, value in seen.items() if isinstance(value, str)}
    usage = Usage()
    usage.queue_s, usage.acquire_s, usage.cpu_s = 0.001, 0.002, 0.5
    usage.acquired_at, usage.instructions = time.monotonic() + 0.003, 77
    usage.duration_s = 0.003
    response = HttpResponse(status, [("Traceresponse", "forged"), ("X", "y")], b"")
    to.end(handler, seen, response, outcome, usage)
    assert [name for name, _ in response.headers].count("Traceresponse") == 0
    return guest, dict(response.headers)


def test_a_trace_is_continued_and_passed_on(collector: Any, handler: Handler) -> None:
    to = tracing(endpoint=collector.url)
    guest, headers = request(to, handler, HTTP_TRACEPARENT=SAMPLED, HTTP_TRACESTATE="vendor=1")
    to.close()
    spans = {span.name: span for span in collector.spans}
    assert spans.keys() == {"GET /orders", "queue", "acquire", "execute"}
    server = spans["GET /orders"]
    assert (server.trace_id.hex(), server.parent_span_id.hex()) == (TRACE, PARENT)
    ours = f"00-{TRACE}-{server.span_id.hex()}-01"
    assert (guest["HTTP_TRACEPARENT"], guest["HTTP_TRACESTATE"]) == (ours, "vendor=1")
    assert headers["traceresponse"] == ours
    assert server.kind == server.SPAN_KIND_SERVER
    for name in ("queue", "acquire", "execute"):
        assert spans[name].parent_span_id == server.span_id
        assert spans[name].trace_id == server.trace_id


def test_stages_follow_each_other_with_the_run_s_times(collector: Any, handler: Handler) -> None:
    to = tracing(endpoint=collector.url)
    request(to, handler)
    to.close()
    spans = {span.name: span for span in collector.spans}
    queue, acquire, execute = spans["queue"], spans["acquire"], spans["execute"]
    assert queue.end_time_unix_nano == acquire.start_time_unix_nano
    assert acquire.end_time_unix_nano == execute.start_time_unix_nano
    assert acquire.end_time_unix_nano - acquire.start_time_unix_nano == pytest.approx(2e6, abs=10)
    assert spans["GET /orders"].start_time_unix_nano <= queue.start_time_unix_nano
    assert abs(queue.start_time_unix_nano - time.time_ns()) < 60e9


def test_a_span_says_what_the_request_was_and_used(collector: Any, handler: Handler) -> None:
    to = tracing(endpoint=collector.url, service_name="shop")
    request(to, handler, status=504, outcome=Outcome.TIMEOUT, HTTP_USER_AGENT="curl")
    to.close()
    (server,) = [span for span in collector.spans if span.name == "GET /orders"]
    found = attributes(server)
    assert (
        found
        | {
            "http.request.method": "GET",
            "http.route": "/orders",
            "url.path": "/orders/7",
            "http.response.status_code": 504,
            "error.type": "timeout",
            "client.address": "10.0.0.9",
            "user_agent.original": "curl",
            "nexus.handler": "orders",
            "nexus.outcome": "timeout",
            "nexus.cpu_seconds": 0.5,
            "nexus.instructions": 77,
        }
        == found
    )
    assert server.status.code == server.status.STATUS_CODE_ERROR
    assert "s3cret" not in str(found)
    assert collector.resources[0]["service.name"] == "shop"
    assert collector.resources[0]["service.instance.id"]


@pytest.mark.parametrize(
    "bad", ["", "00-0-0-01", f"ff-{TRACE}-{PARENT}-01", f"00-{'0' * 32}-{PARENT}-01", "x" * 9000]
)
def test_a_broken_traceparent_begins_a_new_trace(
    collector: Any, handler: Handler, bad: str
) -> None:
    to = tracing(endpoint=collector.url)
    guest, _ = request(to, handler, HTTP_TRACEPARENT=bad, HTTP_TRACESTATE="vendor=1")
    to.close()
    (server,) = [span for span in collector.spans if span.name == "GET /orders"]
    assert not server.parent_span_id
    said = guest["HTTP_TRACEPARENT"]
    assert said[:-2] == f"00-{server.trace_id.hex()}-{server.span_id.hex()}-"
    assert int(said[-2:], 16) & 1
    assert "HTTP_TRACESTATE" not in guest


def test_an_untrusted_client_chooses_nothing(collector: Any, handler: Handler) -> None:
    to = tracing(endpoint=collector.url, trust_traceparent=False)
    guest, _ = request(to, handler, HTTP_TRACEPARENT=SAMPLED)
    to.close()
    assert TRACE not in guest["HTTP_TRACEPARENT"]
    assert all(span.trace_id.hex() != TRACE for span in collector.spans)


def test_sampling_is_honoured(
    collector: Any, handler: Handler, monkeypatch: pytest.MonkeyPatch
) -> None:
    to = tracing(endpoint=collector.url)
    guest, headers = request(to, handler, HTTP_TRACEPARENT=SAMPLED[:-1] + "0")
    to.close()
    assert collector.spans == []
    assert guest["HTTP_TRACEPARENT"].startswith(f"00-{TRACE}-")
    assert guest["HTTP_TRACEPARENT"].endswith("-00")
    assert headers["traceresponse"] == guest["HTTP_TRACEPARENT"]

    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "parentbased_always_off")
    to = tracing(endpoint=collector.url)
    request(to, handler)
    assert collector.spans == []
    request(to, handler, HTTP_TRACEPARENT=SAMPLED)
    to.close()
    assert len(collector.spans) == 4


def test_methods_that_clients_make_up_have_one_name(collector: Any, handler: Handler) -> None:
    to = tracing(endpoint=collector.url)
    request(to, handler, REQUEST_METHOD="BREW")
    to.close()
    (server,) = [span for span in collector.spans if span.name == "HTTP /orders"]
    assert attributes(server)["http.request.method"] == "_OTHER"


def test_a_request_that_came_to_no_run_has_no_stages(collector: Any, handler: Handler) -> None:
    to = tracing(endpoint=collector.url)
    environ: dict[str, Any] = {"REQUEST_METHOD": "GET", "PATH_INFO": "/orders"}
    to.begin(handler, environ)
    to.end(handler, environ, HttpResponse(413, [], b""), Outcome.REJECTED, None)
    to.close()
    assert [span.name for span in collector.spans] == ["GET /orders"]
    assert collector.spans[0].status.code == 0  # the client's fault is no error of the server's


def test_a_collector_that_is_away_is_not_waited_for(
    handler: Handler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nexus_opentelemetry.providers.CLOSE_S", 0.2)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        to = tracing(endpoint=f"http://127.0.0.1:{probe.getsockname()[1]}")
        began = time.monotonic()
        for _ in range(3000):  # more than the SDK's queue of 2048 holds
            request(to, handler)
        assert (time.monotonic() - began) / 3000 < 0.01
        began = time.monotonic()
        to.close()
        assert time.monotonic() - began < 5


def test_the_standard_variables_name_the_collector(
    collector: Any, handler: Handler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
    monkeypatch.setenv("OTEL_SERVICE_NAME", "by-variable")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "team=a")
    to = tracing()
    request(to, handler)
    to.close()
    assert collector.resources[0]["service.name"] == "by-variable"
    assert collector.resources[0]["team"] == "a"
    assert len(collector.spans) == 4


def test_without_a_collector_or_switched_off_it_is_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    hooks = (nexus_opentelemetry.nexus_request_filters, nexus_opentelemetry.nexus_metrics_sinks)
    assert [hook(settings()) for hook in hooks] == [None, None]
    off = settings(endpoint="http://127.0.0.1:1", traces="no", metrics=False)
    assert [hook(off) for hook in hooks] == [None, None]
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    assert [hook(settings(endpoint="http://127.0.0.1:1")) for hook in hooks] == [None, None]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"endpoint": "collector:4318"}, "endpoint: found 'collector:4318', allowed: an http or "),
        ({"traces": "maybe"}, "traces: found 'maybe', allowed: true or false"),
        ({"endpiont": "x"}, "endpiont: there is no such key; did you mean endpoint?"),
    ],
)
def test_wrong_options_are_told(table: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError) as raised:
        tracing(**table)
    assert str(raised.value).startswith(f"plugins.opentelemetry.{said}")
