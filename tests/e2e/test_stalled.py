"""Clients that begin and do not go on hold no thread of a real gunicorn, and none for ever."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from bench.stalled import measure
from bench.stalled_clients import BEGINNINGS, CERTIFICATE, HEAD, TLS, stalled
from tests.wat import ECHO, prints, writes

from .conftest import Server, chosen, serving, until

THREADS = 2
PLAIN = [kind for kind in BEGINNINGS if kind != TLS]
ANSWER_BYTES = 8 << 20
"""more than the sockets of both sides take"""
LONG = {"NEXUS_HTTP_HEAD_TIMEOUT_MS": "600000", "NEXUS_HTTP_BODY_TIMEOUT_MS": "600000"}
LONG |= {"NEXUS_HTTP_SEND_TIMEOUT_MS": "600000", "NEXUS_HTTP_MIN_BYTES_PER_SECOND": "0"}
SHORT = {"NEXUS_HTTP_HEAD_TIMEOUT_MS": "300", "NEXUS_HTTP_BODY_TIMEOUT_MS": "300"}
SHORT |= {"NEXUS_HTTP_SEND_TIMEOUT_MS": "300"}


@pytest.fixture(scope="module")
def folder(http_server: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("handlers")
    (found / "hello.wat").write_text(prints("Content-Type: text/plain\n\nhello"))
    (found / "echo.wat").write_text(ECHO)
    (found / "large.wat").write_text(writes(ANSWER_BYTES >> 16))
    return found


@contextmanager
def server_of(
    folder: Path,
    scratch: Path,
    *,
    tls: bool = False,
    descriptors: int | None = None,
    **settings: str,
) -> Iterator[Server]:
    """Run one worker of few threads."""
    settings = {"NEXUS_WORKERS": "1", "NEXUS_THREADS": str(THREADS), **settings}
    certificate = CERTIFICATE if tls else None
    with serving(
        folder, scratch, certificate=certificate, descriptors=descriptors, **settings
    ) as running:
        yield running


def answers(server: Server) -> None:
    """Ask for a handler and for health, each on a connection of its own."""
    assert server.get("/hello").body == b"hello"
    assert server.get("/healthz").body == b"ok\n"


def test_they_hold_no_thread(folder: Path, tmp_path: Path) -> None:
    """More of each kind than there are threads, with all the time in the world."""
    with (
        server_of(folder, tmp_path, **LONG) as server,
        stalled(server.port, PLAIN, 2 * THREADS + 1) as clients,
    ):
        for _ in range(20):
            for client in clients:
                client.drip()
            answers(server)
        assert all(client.is_open() for client in clients if client.kind != "answer unread")


def test_nor_with_tls(folder: Path, tmp_path: Path) -> None:
    with (
        server_of(folder, tmp_path, tls=True, **LONG) as server,
        stalled(server.port, [TLS, "silent"], 2 * THREADS + 1) as clients,
    ):
        for _ in range(20):
            answers(server)
        assert all(client.is_open() for client in clients)


HEADS = ("one byte", "half a head", "head drips")


@pytest.mark.parametrize("kind", [kind for kind in PLAIN if kind != "answer unread"])
def test_each_wait_ends(quick: Server, kind: str) -> None:
    """A client that began a request is told."""
    with stalled(quick.port, [kind], 1) as (client,):
        found = client.answer()
    if kind == "silent" or (chosen() == "granian" and kind in HEADS):
        assert found == b""  # hyper closes without an answer
    else:
        assert found.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
        assert b"connection: close\r\n" in found.lower()
        assert b"REQUEST_TIMEOUT" in found


@pytest.mark.only("gunicorn")  # granian does not limit how long a client takes an answer
def test_an_answer_is_not_sent_for_ever(quick: Server) -> None:
    with stalled(quick.port, ["answer unread"], 3) as clients:
        ports = {client.sock.getsockname()[1] for client in clients}
        until(lambda: not ports & open_at_server(quick.port))
        assert all(len(client.answer()) < ANSWER_BYTES for client in clients)


def open_at_server(port: int) -> set[int]:
    """Return the ports of clients whose connections to *port* the server has not closed: nothing
    that a client could see without reading (`ESTABLISHED` in proc(5))."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    ends = [(row[1], row[2]) for row in rows if row[3] == "01"]
    return {int(there[-4:], 16) for here, there in ends if int(here[-4:], 16) == port}


@pytest.fixture(scope="module")
def quick(
    http_server: str, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    with server_of(folder, tmp_path_factory.mktemp("quick"), **SHORT) as server:
        yield server


def test_a_handshake_ends(folder: Path, tmp_path: Path) -> None:
    with (
        server_of(folder, tmp_path, tls=True, **SHORT) as server,
        stalled(server.port, [TLS], 1) as (client,),
    ):
        assert client.answer() == b""
        answers(server)


@pytest.mark.parametrize("kinds", [PLAIN, [TLS]], ids=["plain", "tls"])
def test_sigterm_ends_the_worker_beside_them(
    folder: Path, tmp_path: Path, kinds: list[str]
) -> None:
    """Within the drain delay, the longest timeout and a second; gunicorn's patience is 37 s."""
    settings = {**LONG, "NEXUS_TIMEOUT_MS": "1000"}
    with (
        server_of(folder, tmp_path, tls=kinds == [TLS], **settings) as server,
        stalled(server.port, kinds, 2 * THREADS + 1) as clients,
    ):
        answers(server)
        for client in clients:
            client.drip()
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(15) == 0


def test_large_bodies_that_stall_leave_threads_for_others(folder: Path, tmp_path: Path) -> None:
    """Threads read those, but not all threads."""
    with ExitStack() as stack:
        server = stack.enter_context(server_of(folder, tmp_path, **LONG, NEXUS_TIMEOUT_MS="600000"))
        for _ in range(2 * THREADS + 1):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            client.sendall(
                b"POST /echo " + HEAD + b"Content-Length: 1000000\r\n\r\n" + bytes(70000)
            )
        for _ in range(20):
            answers(server)


@pytest.mark.only("gunicorn")  # granian accepts no more until heads are late
def test_a_crowd_makes_room_for_the_next(folder: Path, tmp_path: Path) -> None:
    """More clients than descriptors: those that have waited longest are let go."""
    with (
        server_of(folder, tmp_path, descriptors=160, **LONG) as server,
        stalled(server.port, ["silent", "half a head"], 200) as clients,
    ):
        workers = server.workers()
        for _ in range(20):
            answers(server)
        assert sum(client.is_open() for client in clients) < 160
        assert server.workers() == workers
        assert "Too many open files" not in server.log.read_text()


@pytest.mark.only("gunicorn")  # granian keeps answers until they are read
def test_memory_is_bounded(folder: Path, tmp_path: Path) -> None:
    """60 answers of 8 MiB each, none of which is read."""
    with server_of(folder, tmp_path, **LONG) as server:
        (worker,) = server.workers()

        def resident_mib() -> int:
            fields = Path(f"/proc/{worker}/statm").read_text().split()
            return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") >> 20

        answers(server)
        before = resident_mib()
        with stalled(server.port, ["answer unread"], 60):
            for _ in range(20):
                answers(server)
            until(lambda: server.metric('nexus_pool_instances{state="active"}') == 0)
            assert resident_mib() - before < 200
        assert server.workers() == {worker}


@pytest.mark.only("gunicorn")  # it starts servers of its own
def test_the_bench_finds_what_these_tests_find() -> None:
    reading = measure("Nexus", "half a head", clients=10, seconds=0.5)
    assert reading.took_ms
    assert reading.lost == 0
