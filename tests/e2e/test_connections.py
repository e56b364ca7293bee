"""Connections to a real gunicorn: kept alive, slow, cut off, with many requests at once."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.wat import one, prints, sleeps

from .conftest import Server, serving, until

ACTIVE = 'nexus_pool_instances{state="active"}'
GET = b"GET /hello HTTP/1.1\r\nHost: here\r\n\r\n"
POST = b"POST /hello HTTP/1.1\r\nHost: here\r\nContent-Length: 10\r\n\r\n12345"
WAIT_S = 60.0


@pytest.fixture(scope="module")
def server(http_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One worker, so that all connections meet."""
    folder = tmp_path_factory.mktemp("handlers")
    (folder / "hello.wat").write_text(prints("Content-Type: text/plain\n\nhello"))
    (folder / "nap.wat").write_text(
        prints("Content-Type: text/plain\n\nrested", first=sleeps(1500))
    )
    (folder / "loop.wat").write_text(one("(loop (br 0))"))
    (folder / "nap.toml").write_text("timeout_ms = 20000\n")
    (folder / "loop.toml").write_text("timeout_ms = 3000\n")
    settings = {"NEXUS_WORKERS": "1", "NEXUS_THREADS": "6", "NEXUS_ADMIN_TOKEN": "secret"}
    with serving(folder, tmp_path_factory.mktemp("server"), **settings) as running:
        yield running


def connection(server: Server) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", server.port, timeout=WAIT_S)


class Client:
    """A connection that is kept alive."""

    def __init__(self, server: Server) -> None:
        self._connection = connection(server)
        self._connection.connect()
        self.sock: socket.socket = self._connection.sock

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def get(self, path: str) -> tuple[int, bytes]:
        self._connection.request("GET", path)
        assert self._connection.sock is self.sock, "it was not kept alive"
        response = self._connection.getresponse()
        return response.status, response.read()

    def responses(self, count: int) -> bytes:
        """Read until so many of `/hello` came, on the bare socket."""
        found = b""
        while found.count(b"\r\n\r\nhello") < count:
            more = self.sock.recv(65536)
            assert more, found
            found += more
        return found


def test_many_that_are_kept_alive(server: Server) -> None:
    """More than there are threads."""

    def ask(_: int) -> set[tuple[int, bytes]]:
        with Client(server) as client:
            return {client.get("/hello") for _ in range(50)}

    with ThreadPoolExecutor(20) as clients:
        for answers in clients.map(ask, range(20)):
            assert answers == {(200, b"hello")}


def test_what_waits_does_so_at_once(server: Server) -> None:
    with ThreadPoolExecutor(4) as threads:
        clients = [Client(server) for _ in range(4)]
        for client in clients:
            assert client.get("/hello") == (200, b"hello")
        naps = [threads.submit(client.get, "/nap") for client in clients]
        until(lambda: server.metric(ACTIVE) == 4)
        assert [nap.result() for nap in naps] == [(200, b"rested")] * 4
        for client in clients:
            client.__exit__()


def test_a_loop_on_one_does_not_hold_the_others(server: Server) -> None:
    with ThreadPoolExecutor(1) as threads, Client(server) as first, Client(server) as second:
        for client in (first, second):
            assert client.get("/hello") == (200, b"hello")
        loop = threads.submit(first.get, "/loop")
        until(lambda: server.metric(ACTIVE) == 1)
        for _ in range(20):
            assert second.get("/hello") == (200, b"hello")
        assert not loop.done(), "it ends at its deadline"
        assert loop.result()[0] == 504


@pytest.mark.parametrize("half", [GET[:10], POST], ids=["head", "body"])
def test_one_that_is_slow_does_not_hold_the_others(server: Server, half: bytes) -> None:
    with Client(server) as slow, Client(server) as other:
        for client in (slow, other):
            assert client.get("/hello") == (200, b"hello")
        slow.sock.sendall(half)
        for _ in range(50):
            assert other.get("/hello") == (200, b"hello")
        slow.sock.sendall(GET[10:] if half == GET[:10] else b"67890")
        slow.responses(1)


def test_requests_that_come_at_once_are_answered_in_turn(server: Server) -> None:
    with Client(server) as client:
        client.sock.sendall(GET * 3 + GET[:20])
        assert client.responses(3).count(b"HTTP/1.1 200 OK\r\n") == 3
        client.sock.sendall(GET[20:])
        client.responses(1)


def test_a_response_comes_in_one_piece(server: Server) -> None:
    with Client(server) as client:
        for _ in range(20):
            client.sock.sendall(GET)
            head, _, body = client.sock.recv(65536).partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 OK\r\n")
            assert body == b"hello"


def test_those_cut_off_leave_nothing_behind(server: Server) -> None:
    (worker,) = server.workers()
    descriptors = Path(f"/proc/{worker}/fd")
    assert server.get("/hello").status == 200
    until(lambda: server.metric(ACTIVE) == 0)
    before = len(list(descriptors.iterdir()))
    for end in (b"", GET, GET[:10], POST, GET * 2, b"\0\r\n\r\n"):
        for _ in range(10):
            with Client(server) as client:
                assert client.get("/hello") == (200, b"hello")
                client.sock.sendall(end)
    until(lambda: len(list(descriptors.iterdir())) <= before)
    assert server.get("/hello").status == 200


def test_it_is_still_kept_when_it_was_silent(server: Server) -> None:
    """Its next request comes by gunicorn's poller."""
    with Client(server) as client, Client(server) as other:
        for _ in range(3):
            assert client.get("/hello") == (200, b"hello")
            # Meanwhile another's requests follow closely, and end: then nobody leads.
            assert {other.get("/hello") for _ in range(20)} == {(200, b"hello")}
            until(lambda: server.metric(ACTIVE) == 0)


def test_there_is_room_for_new_ones_beside_many_that_are_kept(tmp_path: Path) -> None:
    """`worker_connections` is 2 threads and 4 that wait."""
    (tmp_path / "handlers").mkdir()
    (tmp_path / "handlers" / "hello.wat").write_text(prints("Content-Type: text/plain\n\nhello"))
    settings = {"NEXUS_WORKERS": "1", "NEXUS_THREADS": "2", "NEXUS_MAX_QUEUE": "4"}
    with serving(tmp_path / "handlers", tmp_path, **settings) as server:
        over = threading.Event()

        def ask() -> int:
            asked = 0
            while not over.is_set():
                with closing(connection(server)) as one:
                    kept = True
                    while kept and not over.is_set():
                        one.request("GET", "/hello")
                        response = one.getresponse()
                        assert response.read() == b"hello"
                        kept = not response.will_close
                        asked += 1
            return asked

        with ThreadPoolExecutor(8) as clients:
            asking = [clients.submit(ask) for _ in range(8)]
            assert {server.get("/hello").body for _ in range(20)} == {b"hello"}
            over.set()
            assert all(client.result() for client in asking), "one was never let in"


def test_clients_that_do_not_close_keep_nobody_waiting(server: Server) -> None:
    """gunicorn would wait two seconds for each, on the thread that accepts."""
    before = server.workers()
    last = b"GET /hello HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n"
    with ExitStack() as stack:
        clients = [stack.enter_context(Client(server)) for _ in range(30)]
        for client in clients:
            client.sock.sendall(last)
        for client in clients:
            client.responses(1)
        began = time.monotonic()
        assert server.get("/hello").body == b"hello"
        assert time.monotonic() - began < 20  # it would be a minute
    assert server.workers() == before


def test_dead_workers_leave_nothing_in_the_master(server: Server) -> None:
    """Last: it takes workers away."""
    descriptors = Path(f"/proc/{server.process.pid}/fd")

    def pollers() -> int:
        links = [os.readlink(link) for link in descriptors.iterdir()]
        return sum("eventpoll" in link for link in links)

    found = pollers()
    for _ in range(3):
        (worker,) = server.workers()
        os.kill(worker, signal.SIGKILL)
        until(lambda gone=worker: len(server.workers() - {gone}) == 1)  # type: ignore[misc]
    until(lambda: server.get("/readyz").status == 200)
    assert pollers() == found
