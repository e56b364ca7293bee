"""What gunicorn and applications find in a connection's socket: time limits, and the rest."""

from __future__ import annotations

import socket
import threading

import pytest

from .conftest import Ends

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"


def read_all(ends: Ends, into: bytearray) -> None:
    while more := ends.ours.recv(1):
        into += more


def test_a_time_limit_covers_all_that_follows(stream: Ends) -> None:
    """One that sends a byte now and then does not extend it."""
    stream.ours.settimeout(0.2)
    over = threading.Event()

    def drip() -> None:
        while not over.wait(0.01):
            stream.theirs.sendall(b"x")

    client = threading.Thread(target=drip)
    client.start()
    got = bytearray()
    with pytest.raises(TimeoutError):
        read_all(stream, got)
    over.set()
    client.join()
    assert got


def test_a_new_limit_replaces_the_last(stream: Ends) -> None:
    assert stream.ours.gettimeout() is None
    for limit_s in (0.01, 0.001):
        stream.ours.settimeout(limit_s)
        assert stream.ours.gettimeout() == limit_s
        with pytest.raises(TimeoutError):
            stream.ours.recv(1)
    stream.ours.settimeout(None)
    stream.theirs.sendall(b"x")
    assert stream.ours.recv(1) == b"x"


def test_who_does_not_block_does_not_wait(stream: Ends) -> None:
    stream.ours.setblocking(False)
    assert stream.ours.gettimeout() == 0.0
    with pytest.raises(BlockingIOError):
        stream.ours.recv(1)
    assert stream.waits == []


def test_other_methods_find_the_time_limit_set(stream: Ends) -> None:
    stream.ours.settimeout(0.01)
    with pytest.raises(TimeoutError):
        stream.ours.recv_into(bytearray(1))
    stream.ours.settimeout(None)
    stream.theirs.sendall(b"x")
    assert stream.ours.recv(10) == b"x"
    stream.theirs.shutdown(socket.SHUT_WR)
    assert stream.ours.recv(10) == b""


def test_other_methods_come_behind_what_was_sent(stream: Ends) -> None:
    stream.ours.sendall(HEAD)
    stream.ours.sendmsg([b"by itself"])
    assert b"".join(stream.pieces()) == HEAD + b"by itself"


def test_the_descriptor_stays_until_it_is_released(stream: Ends) -> None:
    """gunicorn closes it after some errors, on a thread, while others may watch it."""
    stream.ours.sendall(HEAD)
    stream.ours.close()
    assert stream.ours.recv(1) == b""
    assert stream.ours.fileno() >= 0
    stream.ours.release()
    assert stream.ours.fileno() == -1


def test_gunicorns_lingering_close_does_not_wait(stream: Ends) -> None:
    from gunicorn.util import close_graceful

    stream.theirs.sendall(b"unread")
    close_graceful(stream.ours)
    assert stream.waits == []
    assert stream.theirs.recv(1) == b""


def test_what_a_closing_connection_still_gets_is_dropped(stream: Ends) -> None:
    stream.ours.shutdown(socket.SHUT_WR)
    assert stream.ours.discard(), "nothing there, but there may be"
    stream.theirs.sendall(b"late")
    assert stream.ours.discard()
    stream.theirs.close()
    assert not stream.ours.discard()


@pytest.mark.parametrize("how", ["send", "sendall"])
def test_after_a_switch_of_protocols_the_application_waits_as_it_likes(
    stream: Ends, how: str
) -> None:
    """A WebSocket's client may be silent for hours."""
    stream.limit(body_s=0, send_s=0)
    with pytest.raises(TimeoutError):
        stream.ours.recv(1)
    getattr(stream.ours, how)(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n")
    assert b"".join(stream.pieces()).startswith(b"HTTP/1.1 101 ")

    def send() -> None:
        assert stream.waiting.wait(20)
        stream.theirs.sendall(b"x")

    peer = threading.Thread(target=send)
    peer.start()
    assert stream.ours.recv(1) == b"x"
    peer.join()
    stream.theirs.close()
    assert stream.ours.recv(1) == b""
