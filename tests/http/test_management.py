"""The management app, what is left of the main one, and who says that the pod is ready."""

from __future__ import annotations

import io
import json
import socket
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from nexus.errors import ConfigError
from nexus.http import create_app, create_management_app
from nexus.http.management import (
    API_THREADS,
    BUSY,
    FewAtOnce,
    ManagementServer,
    Readiness,
    forget,
    listen,
)
from nexus.logs import AccessLog
from nexus.service import Service
from tests.http.conftest import Client, make_service
from tests.wat import prints

TOKEN = b"0123456789abcdef"
MANAGED = ("/healthz", "/readyz", "/metrics", "/v1/openapi.json")


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    (tmp_path / "hello.wat").write_text(prints("Content-Type: text/plain\n\nhello"))
    found = make_service(
        tmp_path, CollectorRegistry(), NEXUS_MANAGEMENT_BIND="127.0.0.1:0", NEXUS_MAX_INSTANCES="2"
    )
    found.start_with(tmp_path)
    yield found
    found.stop(grace_s=5.0)


@pytest.mark.parametrize("path", MANAGED)
def test_the_management_app_alone_has_them(path: str, service: Service) -> None:
    registry = CollectorRegistry()
    main = Client(create_app(service, registry, TOKEN), service, registry)
    management = Client(create_management_app(service, registry, TOKEN), service, registry)
    assert management.call(path).code == 200
    assert main.call(path).code == 404
    assert main.call(f"/{path}").code == 404, "with two slashes"
    assert main.call("/hello").body == b"hello"
    assert management.call("/hello").code == 404


def test_the_runtime_api_still_needs_its_token(service: Service) -> None:
    registry = CollectorRegistry()
    management = Client(create_management_app(service, registry, TOKEN), service, registry)
    assert management.call("/v1/handlers").code == 401
    none = Client(create_management_app(service, registry), service, registry)
    assert none.call("/v1/openapi.json").code == 404


# ---- readiness of the pod ---------------------------------------------------------------------


class Worker:
    """As much of a service as readiness asks for."""

    draining = False
    why: str | None = None

    def unready(self) -> str | None:
        return "draining" if self.draining else self.why


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Worker:
    monkeypatch.setattr("os.getpid", lambda: 7)
    return Worker()


def test_a_worker_that_starts_leaves_the_pod_ready_if_another_is(
    worker: Worker, tmp_path: Path
) -> None:
    readiness = Readiness(worker, tmp_path)  # type: ignore[arg-type]
    worker.why = "the handlers are still being loaded"
    assert readiness.reason() == worker.why
    (tmp_path / "8").touch()
    assert readiness.reason() is None
    forget(tmp_path, 8)
    forget(tmp_path, 8)
    assert readiness.reason() == worker.why


def test_a_worker_is_no_longer_ready_for_others_once_it_says_so(
    worker: Worker, tmp_path: Path
) -> None:
    readiness = Readiness(worker, tmp_path)  # type: ignore[arg-type]
    assert readiness.reason() is None
    assert [path.name for path in tmp_path.iterdir()] == ["7"]
    worker.why = "a guest does not stop"
    assert readiness.reason() == worker.why
    assert list(tmp_path.iterdir()) == []


def test_a_draining_pod_is_not_ready(worker: Worker, tmp_path: Path) -> None:
    (tmp_path / "8").touch()
    worker.draining = True
    assert Readiness(worker, tmp_path).reason() == "draining"  # type: ignore[arg-type]


def test_without_a_folder_each_speaks_for_itself(worker: Worker, tmp_path: Path) -> None:
    worker.why = "the handlers are still being loaded"
    assert Readiness(worker, None).reason() == worker.why  # type: ignore[arg-type]
    gone = Readiness(worker, tmp_path / "none")  # type: ignore[arg-type]
    assert gone.reason() == worker.why


# ---- the server ---------------------------------------------------------------------------------


def test_the_runtime_api_leaves_threads_for_probes() -> None:
    hold, entered = threading.Event(), threading.Semaphore(0)

    def app(environ, start_response):  # type: ignore[no-untyped-def]
        if BUSY in environ:
            start_response("503 Service Unavailable", [])
            return [b"busy"]
        if "hold" in environ["PATH_INFO"]:
            entered.release()
            hold.wait(60)
        start_response("200 OK", [])
        return [b"ok"]

    few = FewAtOnce(app, ("v1",), API_THREADS)

    def ask(path: str) -> str:
        statuses: list[str] = []
        list(
            few(
                {"PATH_INFO": path, "REQUEST_METHOD": "GET"},
                lambda status, _: statuses.append(status),
            )
        )  # type: ignore[arg-type, misc]
        return statuses[0]

    busy = [threading.Thread(target=ask, args=["/v1/hold"]) for _ in range(API_THREADS)]
    for thread in busy:
        thread.start()
        entered.acquire()
    assert ask("/v1/handlers").startswith("503")
    assert ask("//v1/handlers").startswith("503")
    assert ask("/healthz") == "200 OK"
    hold.set()
    for thread in busy:
        thread.join()
    assert ask("/v1/handlers") == "200 OK"


def test_a_busy_api_is_counted_and_logged(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry, log = CollectorRegistry(), io.StringIO()
    service.access_log = AccessLog("json", log)
    management = Client(create_management_app(service, registry, TOKEN), service, registry)
    refused: list[str] = []
    monkeypatch.setattr(
        service.metrics, "refuse", lambda handler, error: refused.append(error.code)
    )
    answer = management.call("/v1/handlers", "GET", None, **{BUSY: True})
    assert (answer.code, answer.problem()["code"], refused) == (503, "OVERLOADED", ["OVERLOADED"])
    assert answer.header("Retry-After") == "1"
    (line,) = log.getvalue().splitlines()
    assert json.loads(line)["path"] == "/v1/handlers"


def test_it_answers_on_its_own_threads(service: Service) -> None:
    listener = listen("127.0.0.1:0")
    port = listener.getsockname()[1]
    app = create_management_app(service, CollectorRegistry(), TOKEN)
    ManagementServer(app, listener, 1000).start()
    # Clients that send half a head stay connected and cost no thread.
    silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
    for client in silent:
        client.sendall(b"GET /healthz HTTP/1.1\r\n")
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=60) as answer:
        assert answer.read() == b"ok\n"
    for client in silent:
        client.close()


def test_an_address_in_use_is_one_line() -> None:
    with listen("127.0.0.1:0") as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(ConfigError, match=f"management_bind: cannot listen on {address}"):
            listen(address)
