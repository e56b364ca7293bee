"""Connections are closed without waiting for their clients, and without losing an answer."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from nexus.server import closing, poller_waits
from nexus.server.closing import Closing
from nexus.server.poller_waits import PollerWaits

from .conftest import Conn, Ends


class Served:
    """A poller with connections that are to be closed."""

    def __init__(self) -> None:
        self.poller = selectors.DefaultSelector()
        self.closed: list[object] = []
        self.waits = PollerWaits(self.poller, self._close, 1 << 20)
        self.closing = Closing(self.waits, self._close)

    def _close(self, conn: Any) -> None:
        self.closed.append(conn)
        conn.sock.release()

    def wait(self) -> None:
        """As gunicorn's main loop does."""
        for key, _ in self.poller.select(0.01):
            key.data(key.fileobj)
        self.waits.sweep()


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setattr(poller_waits, "SWEEP_S", 0.0)
    found = Served()
    yield found
    found.poller.close()


def test_closed_once_the_client_closes_what_it_sent_was_read(served: Served, stream: Ends) -> None:
    conn = Conn(sock=stream.ours)
    stream.theirs.sendall(b"late")
    served.closing.add(conn)
    served.wait()
    assert stream.theirs.recv(1) == b""
    assert served.closed == []
    stream.theirs.close()
    while not served.closed:
        served.wait()
    assert served.closed == [conn]
    assert not served.poller.get_map()


def test_a_client_that_does_not_close_holds_nobody_up(
    served: Served, stream: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closing, "LINGER_S", 0.05)
    conn = Conn(sock=stream.ours)
    served.closing.add(conn)
    began = time.monotonic()
    while not served.closed:
        stream.theirs.setblocking(False)
        served.wait()
    assert time.monotonic() - began >= 0.05
    assert served.closed == [conn]


def test_what_is_closed_already_is_let_go(served: Served, stream: Ends) -> None:
    stream.ours.release()
    conn = Conn(sock=stream.ours)
    served.closing.add(conn)
    assert served.closed == [conn]


def test_a_reset_connection_is_let_go(served: Served) -> None:
    with socket.socket() as unconnected:
        unconnected.setblocking(False)

        class Sock:
            def shutdown(self, how: int) -> None:
                unconnected.shutdown(how)

            def release(self) -> None:
                """It is closed below."""

        conn = Conn(sock=Sock())
        served.closing.add(conn)
        assert served.closed == [conn]
