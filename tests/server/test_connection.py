"""What goes over the wire, in how many pieces, and who is told that it waits: on real sockets."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus.server.connection import Connection

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"
EARLY = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
BIG = 65537


class Ends(NamedTuple):
    ours: Connection
    theirs: socket.socket
    waits: list[int]
    """a thread's identifier for each time that it was going to wait"""

    def pieces(self) -> list[bytes]:
        """What came over so far, in the pieces in which it was sent."""
        found = []
        while True:
            try:
                found.append(self.theirs.recv(1 << 20, socket.MSG_DONTWAIT))
            except BlockingIOError:
                return found


def pair(kind: int) -> Iterator[Ends]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, kind)
    waits: list[int] = []
    with ours, theirs:
        yield Ends(Connection(ours, lambda: waits.append(threading.get_ident())), theirs, waits)


@pytest.fixture
def ends() -> Iterator[Ends]:
    """The other end sees each piece by itself (SOCK_SEQPACKET)."""
    yield from pair(socket.SOCK_SEQPACKET)


@pytest.fixture
def stream() -> Iterator[Ends]:
    yield from pair(socket.SOCK_STREAM)


def test_a_head_goes_with_its_body(ends: Ends) -> None:
    ends.ours.sendall(HEAD)
    assert ends.pieces() == []
    ends.ours.sendall(b"body")
    ends.ours.sendall(b"more")
    ends.ours.flush()
    assert ends.pieces() == [HEAD + b"body", b"more"]


def test_a_head_without_a_body_goes_when_told(ends: Ends) -> None:
    ends.ours.sendall(HEAD)
    ends.ours.flush()
    ends.ours.flush()
    assert ends.pieces() == [HEAD]


def test_a_hint_does_not_wait_for_the_response(ends: Ends) -> None:
    ends.ours.sendall(EARLY)
    assert ends.pieces() == [EARLY]


def test_a_large_body_is_not_copied(ends: Ends) -> None:
    ends.ours.sendall(HEAD)
    ends.ours.sendall(bytes(BIG))
    assert [len(piece) for piece in ends.pieces()] == [len(HEAD), BIG]


def test_what_others_send_comes_behind_the_head(ends: Ends) -> None:
    ends.ours.sendall(HEAD)
    ends.ours.send(b"by itself")
    assert ends.pieces() == [HEAD, b"by itself"]


@given(st.lists(st.sampled_from([HEAD, EARLY, b"", b"x", b"HTTP/1.", b"\r\n\r\n", bytes(BIG)])))
def test_nothing_is_lost_or_comes_early(parts: list[bytes]) -> None:
    for ends in pair(socket.SOCK_SEQPACKET):
        found = []
        for part in parts:
            ends.ours.sendall(part)
            found += ends.pieces()
            assert b"".join(parts).startswith(b"".join(found))
        ends.ours.flush()
        assert b"".join(found + ends.pieces()) == b"".join(parts)


def test_what_is_there_is_read_without_waiting(ends: Ends) -> None:
    ends.theirs.sendall(b"here")
    ends.ours.setblocking(True)
    assert ends.ours.recv(10) == b"here"
    assert ends.waits == []


def test_a_read_that_waits_says_so_before(stream: Ends) -> None:
    told = threading.Event()
    connection = Connection(stream.ours._sock, told.set)
    connection.setblocking(True)

    def answer() -> None:
        told.wait(20)  # without being told it would wait for ever
        stream.theirs.sendall(b"late")

    peer = threading.Thread(target=answer)
    peer.start()
    assert connection.recv(10) == b"late"
    peer.join()


def test_a_slow_reader_gets_everything(stream: Ends) -> None:
    sent = bytes(range(256)) * (1 << 14)
    told = threading.Event()
    connection = Connection(stream.ours._sock, told.set)
    connection.setblocking(True)
    found = bytearray()

    def read() -> None:
        assert told.wait(20), "4 MiB are more than a socket holds"
        while len(found) < len(sent):
            found.extend(stream.theirs.recv(100_000))

    reader = threading.Thread(target=read)
    reader.start()
    connection.sendall(sent)
    reader.join()
    assert found == sent


def test_time_limits(stream: Ends) -> None:
    assert stream.ours.gettimeout() is None
    for limit_s in (0.01, 0.001):
        stream.ours.settimeout(limit_s)
        assert stream.ours.gettimeout() == limit_s
        with pytest.raises(TimeoutError):
            stream.ours.recv(1)
    with pytest.raises(TimeoutError):
        stream.ours.sendall(bytes(1 << 23))
    stream.ours.setblocking(False)
    waits = len(stream.waits)
    with pytest.raises(BlockingIOError):
        stream.ours.recv(1)
    assert len(stream.waits) == waits


def test_other_methods_find_the_time_limit_set(stream: Ends) -> None:
    stream.ours.settimeout(0.01)
    with pytest.raises(TimeoutError):
        stream.ours.recv_into(bytearray(1))
    stream.ours.settimeout(None)
    stream.theirs.sendall(b"x")
    assert stream.ours.recv(10) == b"x"
    stream.theirs.shutdown(socket.SHUT_WR)
    assert stream.ours.recv(10) == b""


def test_it_closes_with_a_head_unsent(stream: Ends) -> None:
    stream.theirs.close()
    stream.ours.sendall(HEAD)
    stream.ours.close()
    assert stream.ours.fileno() == -1
