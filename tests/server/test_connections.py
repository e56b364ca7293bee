"""How connections are accepted, refused, handed over and stopped; over a poller of the test's."""

from __future__ import annotations

import errno
import selectors
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.config import Config

from nexus import config
from nexus.errors import NexusError, PayloadTooLarge
from nexus.server import connections, poller_waits
from nexus.server.connections import Connections

WAIT_S = 20.0


class Worker:
    """As much of gunicorn's as is looked at; a request that is there is only noted."""

    def __init__(self) -> None:
        self.cfg = Config()
        self.cfg.set("threads", 2)
        self.poller = selectors.DefaultSelector()
        self.nr_conns = 0
        self.served: list[Any] = []
        self.serves = True

    def serve_later(self, conn: Any) -> bool:
        self.served.append(conn)
        return self.serves

    def on_main_thread(self, step: Callable[[], None]) -> None:
        step()


class Service(SimpleNamespace):
    """As much of the service's."""

    def refused(self, handler: None, error: NexusError) -> None:
        self.errors.append(error.code)


class Server:
    """Connections, their worker and a listener."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.worker = folder, Worker()
        self.service = Service(
            settings=config.load({}, {}, folder).settings,
            handlers=SimpleNamespace(longest_timeout_s=0.0),
            limits=SimpleNamespace(timeout_s=1.0),
            errors=[],
            access_log=self,
        )
        self.logged: list[tuple[object, ...]] = []
        self.all = Connections(self.worker, self.service, lambda: None)  # type: ignore[arg-type]
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.clients: list[socket.socket] = []

    def write(self, **line: Any) -> None:
        """As the access log's."""
        assert (line["handler"], line["remote"]) == ("", "127.0.0.1")
        assert line["response_bytes"] > 100
        self.logged.append((line["method"], line["path"], line["status"], line["outcome"].value))

    def connect(self, sent: bytes = b"") -> socket.socket:
        client = socket.create_connection(self.listener.getsockname(), timeout=WAIT_S)
        self.clients.append(client)
        client.sendall(sent)
        self.all.accept(self.listener)
        return client

    def set(self, **settings: str) -> None:
        """Change settings while it runs."""
        environ = {f"NEXUS_{name.upper()}": value for name, value in settings.items()}
        self.service.settings = config.load({}, environ, self.folder).settings

    def poll(self) -> None:
        """A round of gunicorn's loop."""
        for key, _ in self.worker.poller.select(min(self.all.pause_s(), 0.01)):
            key.data(key.fileobj)
        self.all.sweep()


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(poller_waits, "SWEEP_S", 0.0)
    found = Server(tmp_path)
    yield found
    for client in found.clients:
        client.close()
    found.all.close_all()
    for conn in found.worker.served:
        found.all.close(conn)
    assert found.worker.nr_conns == 0
    found.worker.poller.close()
    found.listener.close()
    found.all._thread_waits.close()


GET = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"
LARGE = b"POST / HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n" + bytes(70_000)


def until(server: Server, holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < deadline, "it did not come true"
        server.poll()


def test_a_request_that_is_there_goes_to_a_thread(server: Server) -> None:
    server.connect(GET)
    until(server, lambda: len(server.worker.served) == 1)
    assert server.worker.served[0].parser.unreader.sock is server.worker.served[0].sock
    assert server.worker.nr_conns == 1


def test_one_that_comes_in_pieces_too(server: Server) -> None:
    client = server.connect(GET[:10])
    for at in range(10, len(GET)):
        server.poll()
        assert server.worker.served == []
        client.sendall(GET[at : at + 1])
    until(server, lambda: len(server.worker.served) == 1)


def test_where_no_thread_is_to_be_had_it_is_closed(server: Server) -> None:
    server.worker.serves = False
    client = server.connect(GET)
    until(server, lambda: server.worker.nr_conns == 0)
    assert client.recv(1) == b""


def test_half_of_the_threads_read_large_bodies(server: Server) -> None:
    """And the next begins when one of them has read its own, or given up."""
    for _ in range(3):
        server.connect(LARGE)
    server.connect(GET)
    until(server, lambda: len(server.worker.served) == 2)
    first = server.worker.served[0]
    for _ in range(5):
        server.poll()
    assert len(server.worker.served) == 2
    first.sock.incoming.end_part()
    until(server, lambda: len(server.worker.served) == 3)
    assert server.worker.nr_conns == 4


def test_one_that_waited_too_long_to_be_read_is_told(server: Server) -> None:
    server.set(http_body_timeout_ms="50", http_min_bytes_per_second="0")
    server.connect(LARGE)
    client = server.connect(LARGE)
    until(server, lambda: bool(server.service.errors))
    assert server.service.errors == ["OVERLOADED"]
    assert server.logged == [("POST", "/", 503, "rejected")]
    assert client.recv(65536).startswith(b"HTTP/1.1 503 ")
    server.worker.served[0].sock.incoming.end_part()
    assert len(server.worker.served) == 1, "it is gone, so no thread need read it"


def test_one_that_was_closed_while_it_waited_is_not_served(server: Server) -> None:
    for _ in range(2):
        server.connect(LARGE)
    until(server, lambda: len(server.worker.served) == 1)
    for _ in range(5):
        server.poll()
    server.all.make_room()
    assert server.worker.nr_conns == 1
    server.worker.served[0].sock.incoming.end_part()
    assert len(server.worker.served) == 1


def test_limits_are_those_of_now(server: Server) -> None:
    server.set(http_head_timeout_ms="600000")
    server.connect()
    server.set(http_head_timeout_ms="1")
    client = server.connect(b"GET / ")
    until(server, lambda: bool(server.service.errors))
    assert server.service.errors == ["REQUEST_TIMEOUT"]
    assert server.logged == [("", "", 408, "timeout")]
    assert client.recv(65536).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("code", [errno.EMFILE, errno.ENFILE, errno.ENOMEM])
def test_without_descriptors_it_waits_a_moment(
    server: Server, code: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """gthread would end the worker."""

    def fail() -> None:
        raise OSError(code, "no more")

    server.all.accept(SimpleNamespace(accept=fail))
    assert server.all.paused()
    assert server.all.pause_s() < 1
    assert "no connection can be accepted for a moment" in caplog.text
    monkeypatch.setattr(server.all, "_paused_until", 0.0)
    assert not server.all.paused()


def test_a_client_that_is_gone_again_is_nothing(server: Server) -> None:
    def fail() -> None:
        raise OSError(errno.ECONNABORTED, "gone")

    server.all.accept(SimpleNamespace(accept=fail))
    assert not server.all.paused()


def test_what_is_wrong_with_the_listener_is_an_error(server: Server) -> None:
    def fail() -> None:
        raise OSError(errno.EBADF, "closed")

    with pytest.raises(OSError, match="closed"):
        server.all.accept(SimpleNamespace(accept=fail))


def test_a_refusal_is_the_last_answer(server: Server) -> None:
    client = server.connect(GET.replace(b"/ ", b"/caf%C3%A9?secret=1 ", 1))
    until(server, lambda: len(server.worker.served) == 1)
    server.all.refuse(server.worker.served[0], PayloadTooLarge(5))
    found = client.recv(65536)
    assert found.startswith(b"HTTP/1.1 413 ")
    assert b"\r\nConnection: close\r\n" in found
    assert client.recv(1) == b""
    assert server.service.errors == ["PAYLOAD_TOO_LARGE"]
    assert server.logged == [("GET", "/cafÃ©", 413, "rejected")], "like PATH_INFO, without secrets"


def test_a_stop_refuses_what_is_not_there(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.set(http_head_timeout_ms="600000")
    client = server.connect(b"GET / ")
    assert not server.all.too_late()
    monkeypatch.setattr(connections, "LINGER_S", 0.0)
    server.all.stop()
    server.all.stop()
    until(server, lambda: server.worker.nr_conns == 0)
    assert client.recv(65536).startswith(b"HTTP/1.1 503 ")
    assert server.service.errors == ["SHUTTING_DOWN"]
    assert server.logged == [("", "", 503, "rejected")]
    assert server.all.too_late()
