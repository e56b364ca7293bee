"""What goes over the wire, in how many pieces, and what waits for a client that does not read."""

from __future__ import annotations

import socket
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus.server.sockets.outgoing import STREAM_BYTES

from .conftest import Ends, pair

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"
EARLY = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
BIG = 65537
LARGE = bytes(range(256)) * (1 << 14)
"""4 MiB: more than a socket holds"""


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


def test_what_is_sent_by_itself_comes_behind_the_head(ends: Ends) -> None:
    ends.ours.sendall(HEAD)
    assert ends.ours.send(b"by itself") == 9
    assert ends.pieces() == [HEAD, b"by itself"]


PARTS = [HEAD, EARLY, b"", b"x", b"HTTP/1.", b"\r\n\r\n", bytes(BIG)]


@given(st.lists(st.sampled_from(PARTS)))
def test_nothing_is_lost_or_comes_early(parts: list[bytes]) -> None:
    for ends in pair(socket.SOCK_SEQPACKET):
        found = []
        for part in parts:
            ends.ours.sendall(part)
            found += ends.pieces()
            assert b"".join(parts).startswith(b"".join(found))
        ends.ours.flush()
        assert b"".join(found + ends.pieces()) == b"".join(parts)


def test_what_the_client_does_not_take_waits_without_a_thread(stream: Ends) -> None:
    stream.ours.sendall(HEAD)
    stream.ours.sendall(LARGE)
    outgoing = stream.ours.outgoing
    assert 0 < outgoing.unsent_bytes < len(LARGE)
    found = b"".join(stream.pieces())
    while not outgoing.go_on():
        found += b"".join(stream.pieces())
    assert found + b"".join(stream.pieces()) == HEAD + LARGE
    assert (outgoing.unsent_bytes, outgoing.allowance) == (0, None)
    assert stream.waits == []


def test_what_was_sent_does_not_stay_in_memory(stream: Ends) -> None:
    """A client that leaves the last bytes unread must not hold all of its answer."""
    stream.ours.sendall(LARGE)
    outgoing = stream.ours.outgoing
    while not outgoing.go_on():
        held = sum(len(view.obj) for view in outgoing._unsent)  # type: ignore[arg-type,misc]
        assert outgoing.unsent_bytes <= held <= 2 * outgoing.unsent_bytes
        stream.theirs.recv(100_000)


def test_a_stream_waits_for_its_client(stream: Ends) -> None:
    """A view that writes without end must not fill the memory."""
    found = bytearray()

    def read() -> None:
        assert stream.waiting.wait(20)
        while len(found) < 3 * len(LARGE):
            found.extend(stream.theirs.recv(100_000))

    reader = threading.Thread(target=read)
    reader.start()
    most = 0
    for at in range(0, 3 * len(LARGE), BIG):
        stream.ours.sendall((LARGE * 3)[at : at + BIG])
        most = max(most, stream.ours.outgoing.unsent_bytes)
    while not stream.ours.outgoing.go_on():
        pass
    reader.join()
    assert found == LARGE * 3
    assert most <= STREAM_BYTES + BIG


@pytest.mark.parametrize("limits", [{"send_s": 0.1}, {"bytes_per_s": 10**9}])
def test_but_not_for_ever(
    stream: Ends, limits: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nexus.server.limits.GRACE_S", 0.1)
    stream.limit(**limits)
    stream.ours.sendall(LARGE)
    with pytest.raises(BrokenPipeError):
        stream.ours.sendall(LARGE)


def test_a_client_that_is_gone(stream: Ends) -> None:
    stream.ours.sendall(LARGE)
    stream.theirs.close()
    with pytest.raises(OSError, match=r"Broken pipe|reset"):
        stream.ours.outgoing.go_on()
