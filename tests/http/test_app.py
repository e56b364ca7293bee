"""The Flask app behind the layer: health, and Flask's own errors in our form."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from nexus.errors import GuestTrap
from nexus.http import create_app
from nexus.metrics.counters import COUNTERS

from .conftest import HANDLERS, Client, make_service

Counts = Callable[..., Callable[[], float]]


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_flasks_own_405_is_a_problem(client: Client, counts: Counts, path: str) -> None:
    errors = counts("errors_total", code="METHOD_NOT_ALLOWED")
    answer = client.call(path, "POST", b"x")
    found = answer.problem()
    assert (answer.code, found["code"], found["handler"]) == (405, "METHOD_NOT_ALLOWED", None)
    assert answer.header("Allow") == "GET, HEAD, OPTIONS"
    assert answer.header("X-Nexus-Outcome") == "rejected"
    assert errors() == 1


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_health_and_metrics_answer(client: Client, path: str) -> None:
    answer = client.call(path)
    assert (answer.code, answer.header("X-Nexus-Outcome")) == (200, "ok")


def test_metrics_has_what_was_counted_just_now(client: Client) -> None:
    client.call("/hello")
    text = client.call("/metrics").body.decode()
    wanted = client.count("handler_executions_total", handler="hello", status="ok")
    assert f'nexus_handler_executions_total{{handler="hello",status="ok"}} {wanted}' in text


def lines(client: Client, query: str) -> list[str]:
    """The samples that a scrape has."""
    text = client.call("/metrics", "GET", None, QUERY_STRING=query).body.decode()
    return [line for line in text.splitlines() if not line.startswith("#")]


def test_metrics_by_name(client: Client) -> None:
    client.call("/hello")
    name = "nexus_handler_execution_seconds"
    assert {line.partition("{")[0] for line in lines(client, f"name[]={name}_count")} == {
        f"{name}_count"
    }
    assert {line.partition("{")[0] for line in lines(client, f"name%5B%5D={name}")} >= {
        f"{name}_bucket",
        f"{name}_sum",
    }
    two = lines(client, "name[]=nexus_errors_total&name[]=nexus_cache_hit_rate")
    assert {line.partition("{")[0].split()[0] for line in two} == {
        "nexus_errors_total",
        "nexus_cache_hit_rate",
    }
    assert lines(client, "name[]=nexus_cpu_quota_cores") != []
    assert lines(client, "name[]=nowhere") == []


def test_every_labelled_counter_is_there_from_the_start(tmp_path: Path) -> None:
    (tmp_path / "hello.wat").write_text(HANDLERS["hello"][0])
    (tmp_path / "hello.toml").write_text(
        'http = ["*.a.test"]\nkv = ["self:rw"]\nschedule = ["0 0 1 1 *"]'
    )
    (tmp_path / "key").write_text("k" * 32)
    registry = CollectorRegistry()
    service = make_service(tmp_path, registry, NEXUS_ARTIFACT_KEY_FILE=str(tmp_path / "key"))
    service.start_with(tmp_path)
    client = Client(create_app(service, registry), service, registry)
    found = lines(client, "")
    for line in (
        'nexus_workers_replaced_total{reason="stuck"} 0.0',
        'nexus_errors_total{code="TIMEOUT"} 0.0',
        'nexus_rejected_total{reason="overloaded"} 0.0',
        'nexus_handler_executions_total{handler="hello",status="timeout"} 0.0',
        'nexus_handler_throttled_seconds_total{handler="hello"} 0.0',
        'nexus_host_calls_total{function="fd_write"} 0.0',
        'nexus_host_calls_total{function="state_get"} 0.0',
        'nexus_cache_requests_total{result="hit"} 0.0',
        'nexus_suspensions_total{outcome="expired"} 0.0',
        'nexus_outbound_requests_total{handler="hello",host="*.a.test",outcome="timeout"} 0.0',
        'nexus_outbound_requests_total{handler="hello",host="",outcome="denied"} 0.0',
        'nexus_outbound_bytes_total{direction="sent",handler="hello",host="*.a.test"} 0.0',
        'nexus_kv_operations_total{handler="hello",operation="get",outcome="ok"} 0.0',
        'nexus_kv_seconds_total{handler="hello",operation="compare_and_set"} 0.0',
        'nexus_kv_bytes_total{direction="written",handler="hello"} 0.0',
        'nexus_scheduled_runs_total{handler="hello",outcome="missed"} 0.0',
        'nexus_shared_artifacts_total{result="refused"} 0.0',
        'nexus_plugin_errors_total{plugin="wasmtime"} 0.0',
    ):
        assert found.count(line) == 1, line
    names = {line.partition("{")[0] for line in found}
    missing = {f"{counter.name}_total" for counter in COUNTERS} - names
    assert missing == {"nexus_version_executions_total"}  # of no handler, as long as none shares
    client.call("/hello")
    assert 'nexus_handler_executions_total{handler="hello",status="ok"} 1.0' in lines(client, "")
    service.stop(grace_s=5.0)


def test_a_path_of_nobody_is_counted_as_an_error(client: Client, counts: Counts) -> None:
    errors = counts("errors_total", code="HANDLER_NOT_FOUND")
    client.call("/nowhere")
    assert errors() == 1


@pytest.mark.parametrize("error", [ZeroDivisionError, SystemExit])
def test_a_fault_of_a_view_is_hidden_and_logged(
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: type[BaseException],
) -> None:
    """One that exits ends no worker."""

    def broken() -> str:
        raise error("a secret")

    monkeypatch.setitem(client.app.view_functions, "healthz", broken)
    with caplog.at_level(logging.ERROR):
        answer = client.call("/healthz")
    assert (answer.code, answer.problem()["code"]) == (500, "INTERNAL_ERROR")
    assert b"secret" not in answer.body
    assert answer.header("X-Nexus-Outcome") == "error"
    assert "a secret" in caplog.text


def test_a_fault_on_the_path_is_hidden_and_logged(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a secret")

    monkeypatch.setattr(client.service.pool, "acquire", broken)
    with caplog.at_level(logging.ERROR):
        answer = client.call("/hello")
    assert (answer.code, answer.problem()["code"]) == (500, "INTERNAL_ERROR")
    assert b"secret" not in answer.body
    assert "a secret" in caplog.text
    monkeypatch.undo()
    assert client.call("/hello").code == 200


def test_while_loading_and_after_and_while_stopping(tmp_path: Path) -> None:
    """503 with Retry-After where the handlers are not loaded in time; who asked can try again."""
    (tmp_path / "hello.wat").write_text(HANDLERS["hello"][0])
    registry = CollectorRegistry()
    service = make_service(tmp_path, registry, NEXUS_TIMEOUT_MS="100")
    client = Client(create_app(service, registry), service, registry)
    for path in ("/hello", "/nowhere"):
        answer = client.call(path)
        assert (answer.code, answer.problem()["code"]) == (503, "OVERLOADED")
        assert answer.header("Retry-After") == "1"
        assert answer.header("X-Nexus-Outcome") == "rejected"
    assert client.count("rejected_total", reason="overloaded") == 2
    assert client.call("/healthz").code == 200
    assert client.call("/readyz").code == 503

    service.start_with(tmp_path)
    assert client.call("/hello").code == 200
    assert client.call("/nowhere").code == 404
    assert client.call("/readyz").code == 200

    service.drain()
    assert client.call("/readyz").body == b"not ready: draining\n"
    assert client.call("/hello").code == 200
    service.stop(grace_s=5.0)
    answer = client.call("/hello")
    assert (answer.code, answer.problem()["code"]) == (503, "SHUTTING_DOWN")
    assert answer.header("Retry-After") == "1"


def test_a_request_waits_for_the_handlers_to_be_loaded(tmp_path: Path) -> None:
    (tmp_path / "hello.wat").write_text(HANDLERS["hello"][0])
    registry = CollectorRegistry()
    service = make_service(tmp_path, registry)
    client = Client(create_app(service, registry), service, registry)
    waiting = threading.Event()
    wait_loaded = service.handlers.wait_loaded

    def said(timeout_s: float) -> bool:
        waiting.set()
        return wait_loaded(timeout_s)

    service.handlers.wait_loaded = said  # type: ignore[method-assign]
    with ThreadPoolExecutor(1) as threads:
        early = threads.submit(client.call, "/hello")
        assert waiting.wait(5)
        service.start_with(tmp_path)
        assert early.result(10).code == 200
    service.stop(grace_s=5.0)


def test_how_a_guest_ended_is_said_but_not_what_it_wrote(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    assert "unreachable" in client.call("/trap").problem()["detail"]
    assert GuestTrap.code == client.call("/trap").problem()["code"]
    with caplog.at_level(logging.ERROR, "nexus.guest"):
        answer = client.call("/leaky")
    assert (answer.code, answer.problem()["code"]) == (502, "INVALID_RESPONSE")
    assert b"hunter2" not in answer.body
    assert "hunter2" in caplog.text


def test_with_debug_on_a_guests_words_are_shown(client: Client) -> None:
    before = client.service.settings
    client.service.settings = before.model_copy(update={"debug": True})
    try:
        assert "hunter2" in client.call("/leaky").problem()["detail"]
    finally:
        client.service.settings = before
