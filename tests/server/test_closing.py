"""Connections are closed without waiting for their clients, and without losing an answer."""

from __future__ import annotations

import selectors
import socket
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from nexus.server import closing as gunicorn_closing
from nexus.server.closing import Closing


class Served:
    """A poller with connections that are to be closed, and their clients."""

    def __init__(self) -> None:
        self.poller = selectors.DefaultSelector()
        self.closed: list[object] = []
        self.closing = Closing(self.poller, self._close)

    def _close(self, conn: SimpleNamespace) -> None:
        self.closed.append(conn)
        conn.sock.close()

    def connect(self) -> tuple[SimpleNamespace, socket.socket]:
        ours, client = socket.socketpair()
        client.settimeout(10)
        return SimpleConn(sock=ours), client

    def turn(self) -> None:
        for key, _ in self.poller.select(10):
            key.data(key.fileobj)


class SimpleConn(SimpleNamespace):
    __hash__ = object.__hash__  # type: ignore[assignment]


@pytest.fixture
def served() -> Iterator[Served]:
    served = Served()
    yield served
    served.closing.end(everything=True)
    served.poller.close()


def test_closed_once_the_client_closes_what_it_sent_was_read(served: Served) -> None:
    conn, client = served.connect()
    with client:
        conn.sock.sendall(b"answer")
        served.closing.add(conn)
        client.sendall(b"late")
        served.turn()
        assert served.closed == []
        assert client.recv(100) == b"answer"
        assert client.recv(100) == b""
    served.turn()
    assert served.closed == [conn]


def test_a_client_that_does_not_close_holds_nobody_up(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    conn, client = served.connect()
    with client:
        served.closing.add(conn)
        served.closing.end()
        assert served.closed == []
        monkeypatch.setattr(gunicorn_closing, "LINGER_S", 0.0)
        later, other = served.connect()
        with other:
            served.closing.add(later)
            served.closing.end()  # the oldest first: its time is not over
            assert served.closed == []
            served.closing.end(everything=True)
            assert served.closed == [conn, later]
            assert not served.poller.get_map()


def test_what_is_closed_already_is_let_go(served: Served) -> None:
    conn, client = served.connect()
    client.close()
    conn.sock.close()
    served.closing.add(conn)
    assert served.closed == [conn]
