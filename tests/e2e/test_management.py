"""The management port of a real server, while its main port is held up."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import ROOT, SPIN, Answer, Server, free_port, serving, until

HEADERS = {"Authorization": "Bearer 0123456789abcdef0123456789abcdef"}
Get = Callable[[str], Answer]


def settings(port: int) -> dict[str, str]:
    return {
        "NEXUS_MANAGEMENT_BIND": f"127.0.0.1:{port}",
        "NEXUS_THREADS": "2",
        "NEXUS_MAX_INSTANCES": "2",
        "NEXUS_MAX_QUEUE": "2",
        "NEXUS_ADMIN_TOKEN": HEADERS["Authorization"].removeprefix("Bearer "),
    }


@pytest.fixture(scope="module")
def port(http_server: str) -> int:
    return free_port()


@pytest.fixture(scope="module")
def server(
    http_server: str, tmp_path_factory: pytest.TempPathFactory, port: int
) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("handlers")
    (folder / "hello.wat").write_bytes((ROOT / "examples/hello.wat").read_bytes())
    scratch = tmp_path_factory.mktemp("server")
    with serving(folder, scratch, ready_port=port, **settings(port)) as running:
        yield running


@pytest.fixture
def get(server: Server, port: int) -> Get:
    management = Server(server.process, port, server.log)
    return lambda path: management.get(path, headers=HEADERS)


@pytest.mark.parametrize(
    "path", ["/healthz", "/readyz", "/metrics", "//metrics", "/%6detrics", "/v1/handlers"]
)
def test_the_main_port_does_not_have_them(path: str, server: Server) -> None:
    seen = [503]

    def is_loaded() -> bool:  # the port of management is ready when one of the workers is
        seen.append(server.get(path, headers=HEADERS).status)
        return seen[-1] != 503

    until(is_loaded)
    assert seen[-1] == 404


def test_the_management_port_has_them(get: Get) -> None:
    assert [get(path).status for path in ("/healthz", "/readyz", "/v1/handlers")] == [200] * 3
    assert get("/hello").status == 404


def test_metrics_are_those_of_all_workers(server: Server, get: Get) -> None:
    line = 'nexus_handler_executions_total{handler="hello",status="ok"}'

    def count() -> float:
        rows = get("/metrics").body.decode().splitlines()
        return sum(float(row.split()[1]) for row in rows if row.startswith(line))

    before = count()
    for _ in range(20):
        assert server.get("/hello").status == 200
    until(lambda: count() == before + 20)


def test_guests_and_clients_of_the_main_port_do_not_hold_it_up(tmp_path: Path) -> None:
    """Endless loops on all threads of both workers, more requests queued behind them, and clients
    that send half a head."""
    port = free_port()
    (tmp_path / "spin.wat").write_text(SPIN)
    (tmp_path / "spin.toml").write_text("timeout_ms = 100000\n")
    with serving(tmp_path, tmp_path, ready_port=port, **settings(port)) as running:
        workers = running.workers()
        stalled = [socket.create_connection(("127.0.0.1", running.port)) for _ in range(50)]
        for client in stalled:
            client.sendall(b"GET /spin HTTP/1.1\r\n")
        management = Server(running.process, port, running.log)
        line, loops = 'nexus_pool_instances{state="active"} 4.0', []

        def all_loop() -> bool:
            """One more request, since one worker may take many and reject them."""
            loops.append(socket.create_connection(("127.0.0.1", running.port)))
            loops[-1].sendall(b"GET /spin HTTP/1.1\r\nHost: x\r\n\r\n")
            return line in management.get("/metrics").body.decode()

        until(all_loop)
        for path in ("/healthz", "/readyz", "/metrics", "/v1/handlers"):
            answers = [management.get(path, headers=HEADERS).status for _ in range(10)]
            assert answers == [200] * 10
        assert line in management.get("/metrics").body.decode(), "they were held up all the time"
        for pid in (running.process.pid, *workers):
            os.kill(pid, signal.SIGKILL)
        for client in (*loops, *stalled):
            client.close()


def test_the_runtime_api_runs_handlers_on_it(server: Server, port: int) -> None:
    management = Server(server.process, port, server.log)
    headers = {**HEADERS, "Content-Type": "application/json"}
    answer = management.get("/v1/handlers/hello/executions", b"{}", headers)
    assert answer.status == 200, answer.body


def test_a_worker_that_dies_leaves_the_pod_ready(server: Server, get: Get) -> None:
    until(lambda: get("/readyz").status == 200)
    before = server.workers()
    statuses: list[int] = []
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            try:
                statuses.append(get("/readyz").status)
            except OSError:  # the worker died with this connection
                continue

    asking = threading.Thread(target=ask)
    asking.start()
    # Both have been asked, and answered, by now: the kernel picks the one that polls first.
    os.kill(min(before), signal.SIGKILL)
    until(lambda: min(before) not in server.workers() and len(server.workers()) == 2)
    until(lambda: len(statuses) > 200)
    done.set()
    asking.join()
    assert set(statuses) <= {200, 503}
    assert statuses[-1] == 200


def test_a_new_master_takes_the_port_over(tmp_path: Path) -> None:
    port = free_port()
    folder = tmp_path / "handlers"
    folder.mkdir()
    (folder / "hello.wat").write_bytes((ROOT / "examples/hello.wat").read_bytes())
    with serving(
        folder,
        tmp_path,
        ready_port=port,
        NEXUS_MANAGEMENT_BIND=f"127.0.0.1:{port}",
        NEXUS_WORKERS="1",
    ) as running:
        old = running.workers()
        running.process.send_signal(signal.SIGUSR2)
        until(lambda: len(running.workers() - old) == 1)  # the new master, a child of the old one
        (new,) = running.workers() - old
        children = Path(f"/proc/{new}/task/{new}/children")
        until(lambda: len(children.read_text().split()) == 1)
        management = Server(running.process, port, running.log)
        running.process.send_signal(signal.SIGTERM)
        running.process.wait(60)
        until(lambda: management.get("/readyz").status == 200)
        os.kill(new, signal.SIGTERM)
        until(lambda: not Path(f"/proc/{new}").exists())


def test_a_taken_port_ends_the_start_in_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        (tmp_path / "handlers").mkdir()
        with (
            pytest.raises(AssertionError, match=f"error: management_bind: .* on {address}"),
            serving(tmp_path / "handlers", tmp_path, NEXUS_MANAGEMENT_BIND=address),
        ):
            pass
