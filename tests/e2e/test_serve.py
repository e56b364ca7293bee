"""The whole path over HTTP: a real gunicorn, real handlers, real timeouts."""

from __future__ import annotations

import hashlib
import json
import threading

import pytest

from nexus.pod import quota
from tests.e2e.conftest import Server


def test_hello_answers(server: Server) -> None:
    answer = server.get("/hello")
    assert (answer.status, answer.body) == (200, b"Hello from WebAssembly.\n")
    assert answer.headers["X-Nexus-Outcome"] == "ok"


@pytest.mark.parametrize("size", [0, 1, 65536, 1_000_000])
def test_body_arrives_whole(server: Server, size: int) -> None:
    body = bytes(range(256)) * (size // 256 + 1)
    answer = server.get("/sha256", body[:size])
    assert answer.body.split()[0].decode() == hashlib.sha256(body[:size]).hexdigest()


@pytest.mark.parametrize(
    ("path", "status", "code", "outcome"),
    [
        ("/spin", 504, "TIMEOUT", "timeout"),
        ("/startspin", 504, "TIMEOUT", "timeout"),
        ("/trap", 500, "EXECUTION_ERROR", "trap"),
        ("/silent", 502, "INVALID_RESPONSE", "invalid_response"),
        ("/env", 503, "HANDLER_NOT_LOADED", "invalid_handler"),
        ("/cut", 503, "HANDLER_NOT_LOADED", "invalid_handler"),
        ("/badmanifest", 503, "HANDLER_NOT_LOADED", "invalid_handler"),
        ("/nowhere", 404, "HANDLER_NOT_FOUND", "not_found"),
    ],
)
def test_failures_are_problems(
    server: Server, path: str, status: int, code: str, outcome: str
) -> None:
    answer = server.get(path)
    assert answer.status == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["X-Nexus-Outcome"] == outcome
    assert json.loads(answer.body)["code"] == code


def test_bad_handlers_leave_the_worker_ready(server: Server) -> None:
    assert server.get("/readyz").status == 200
    assert server.get("/healthz").status == 200


def test_header_may_shorten_the_deadline(server: Server) -> None:
    assert server.get("/spin", headers={"X-Nexus-Timeout-Ms": "50"}).status == 504
    assert server.get("/spin", headers={"X-Nexus-Timeout-Ms": "soon"}).status == 400


def test_endless_loops_leave_workers_and_others_unharmed(server: Server) -> None:
    before = server.workers()
    statuses: list[int] = []

    def spin() -> None:
        for _ in range(3):
            statuses.append(server.get("/spin").status)

    threads = [threading.Thread(target=spin) for _ in range(8)]
    for thread in threads:
        thread.start()
    served = [server.get("/hello").status for _ in range(20)]
    for thread in threads:
        thread.join()
    assert statuses == [504] * 24
    assert served == [200] * 20
    assert server.workers() == before


def test_metrics_add_up_over_workers(server: Server) -> None:
    """Over a handler that no other test calls."""
    for _ in range(10):
        server.get("/counted")
    counted = 'nexus_handler_executions_total{handler="counted",status="ok"}'
    assert server.scrape_when(lambda now: now[counted] >= 10)[counted] == 10


def test_cpu_figures_are_the_pods_not_added_up(server: Server) -> None:
    lines = server.get("/metrics").body.decode().splitlines()
    found = [line for line in lines if line.startswith("nexus_cpu_quota_cores")]
    assert [float(line.split()[1]) for line in found] == [quota().cores]
