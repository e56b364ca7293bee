"""What is read ahead, what a thread waits for, and what happens when the parser wants more."""

from __future__ import annotations

import socket
import threading
import time

import pytest
from gunicorn.config import Config

from nexus.server.sockets.arrival import BODY_BYTES, HEAD_BYTES, Arrival
from nexus.server.sockets.incoming import HeadIncomplete, Stage
from nexus.server.sockets.parser import NexusParser

from .conftest import Ends

GET = b"GET /%d HTTP/1.1\r\nHost: here\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: %d\r\n\r\n"


def parser(ends: Ends, **settings: object) -> NexusParser:
    config = Config()
    for name, value in settings.items():
        config.set(name, value)
    return NexusParser(config, ends.ours, ("127.0.0.1", 1))


def test_nothing_waits_for_a_request(stream: Ends) -> None:
    incoming = stream.ours.incoming
    assert incoming.arrival() is Arrival.MORE
    assert incoming.stage() is Stage.NONE
    request = POST % 3 + b"abc"
    for at in range(len(request) - 1):
        stream.theirs.sendall(request[at : at + 1])
        assert incoming.arrival() is Arrival.MORE
        assert incoming.stage() is (Stage.HEAD if at < len(POST % 3) - 1 else Stage.BODY)
    stream.theirs.sendall(request[-1:])
    assert incoming.arrival() is Arrival.WHOLE
    assert incoming.held_bytes == len(request)
    assert next(parser(stream)).body.read() == b"abc"
    assert stream.waits == []


def test_one_read_is_enough(ends: Ends) -> None:
    ends.theirs.sendall(GET % 1)
    ends.theirs.sendall(b"GET /2")
    assert ends.ours.incoming.arrival() is Arrival.WHOLE
    assert ends.ours.recv(100) == GET % 1
    assert ends.ours.incoming.held_bytes == 0


def test_an_empty_line_is_not_a_request_yet(stream: Ends) -> None:
    stream.theirs.sendall(b"\r\n")
    assert stream.ours.incoming.arrival() is Arrival.MORE
    assert stream.ours.incoming.stage() is Stage.NONE


def test_requests_that_came_along(stream: Ends) -> None:
    stream.theirs.sendall(GET % 1 + POST % 2 + b"hi" + GET % 3 + b"GET /4 ")
    found, requests = parser(stream), []
    incoming = stream.ours.incoming
    while incoming.arrival() is Arrival.WHOLE:
        request = next(found)
        requests.append((request.path, request.body.read()))
        incoming.next_request(found.unreader.take_buffered())
        assert incoming.may_be_ready() is (len(requests) < 3)
    assert requests == [("/1", b""), ("/", b"hi"), ("/3", b"")]
    assert incoming.stage() is Stage.HEAD


def test_what_the_socket_may_still_have_is_not_forgotten(stream: Ends) -> None:
    """A whole buffer was read: no event need tell of the rest."""
    stream.theirs.sendall(GET % 1 + GET % 2 + bytes(65536))
    assert stream.ours.incoming.arrival() is Arrival.WHOLE
    found = parser(stream)
    next(found)
    stream.ours.recv(1 << 20)
    stream.ours.incoming.next_request(b"")
    assert stream.ours.incoming.may_be_ready()


def test_who_closes(stream: Ends) -> None:
    stream.theirs.shutdown(socket.SHUT_WR)
    assert stream.ours.incoming.arrival() is Arrival.GONE


def test_half_a_head_before_the_end_is_nothing(stream: Ends) -> None:
    stream.theirs.sendall(b"GET / HT")
    stream.theirs.shutdown(socket.SHUT_WR)
    assert stream.ours.incoming.arrival() is Arrival.MORE
    assert stream.ours.incoming.arrival() is Arrival.GONE


def test_a_body_that_ends_early_is_for_the_application(stream: Ends) -> None:
    stream.theirs.sendall(POST % 3 + b"a")
    stream.theirs.shutdown(socket.SHUT_WR)
    assert stream.ours.incoming.arrival() is Arrival.MORE
    assert stream.ours.incoming.arrival() is Arrival.WHOLE
    assert next(parser(stream)).body.read() == b"a"


def test_a_reset_is_an_end(stream: Ends) -> None:
    stream.theirs.close()
    stream.ours._sock.close()
    assert stream.ours.incoming.arrival() is Arrival.GONE


def test_a_head_that_goes_on_for_ever(stream: Ends) -> None:
    stream.theirs.sendall(b"GET / HTTP/1.1\r\nX: " + b"x" * HEAD_BYTES)
    assert stream.ours.incoming.arrival() is Arrival.OVERSIZED


def test_a_large_body_is_read_on_a_thread(stream: Ends) -> None:
    size = 3 * BODY_BYTES
    done: list[int] = []

    def send() -> None:
        stream.theirs.sendall(POST % size + b"x" * BODY_BYTES)
        assert stream.waiting.wait(20)
        assert done == []
        stream.theirs.sendall(b"x" * (size - BODY_BYTES))

    client = threading.Thread(target=send)
    client.start()
    while (found := stream.ours.incoming.arrival()) is Arrival.MORE:
        pass
    assert found is Arrival.PART
    stream.ours.incoming.read_part(lambda: done.append(1))
    assert next(parser(stream)).body.read() == b"x" * size
    client.join()
    assert done == [1], "as soon as it was there"
    stream.ours.incoming.end_part()
    assert done == [1]


def test_nobody_reads_it_after_all(stream: Ends) -> None:
    done: list[int] = []
    stream.theirs.sendall(POST % (1 << 21))
    assert stream.ours.incoming.arrival() is Arrival.PART
    stream.ours.incoming.read_part(lambda: done.append(1))
    next(parser(stream))
    stream.ours.incoming.end_part()
    assert done == [1]


def drip(ends: Ends, over: threading.Event) -> None:
    while not over.wait(0.01):
        ends.theirs.sendall(b"x")


@pytest.mark.parametrize("limits", [{"body_s": 0.2}, {"bytes_per_s": 10_000}])
def test_one_that_drips_is_not_waited_for(
    stream: Ends, limits: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A limit is one over the whole body, not anew for each byte."""
    monkeypatch.setattr("nexus.server.limits.GRACE_S", 0.2)
    stream.limit(**limits)
    stream.theirs.sendall(POST % (1 << 21))
    assert stream.ours.incoming.arrival() is Arrival.PART
    request, over = next(parser(stream)), threading.Event()
    client = threading.Thread(target=drip, args=(stream, over))
    client.start()
    with pytest.raises(TimeoutError):
        request.body.read()
    over.set()
    client.join()


def read_slowly(ends: Ends) -> None:
    while ends.ours.recv(1):
        time.sleep(0.001)  # so that there is always something to read


def test_nor_one_that_never_makes_anybody_wait(stream: Ends) -> None:
    stream.limit(body_s=0.05)
    sent = POST % (1 << 21) + bytes(100_000)
    stream.theirs.sendall(sent)
    assert stream.ours.incoming.arrival() is Arrival.PART
    stream.ours.recv(1 << 20)
    with pytest.raises(TimeoutError):
        read_slowly(stream)
    assert stream.waits == []


def test_waits_end_when_the_worker_stops(stream: Ends) -> None:
    def end() -> None:
        assert stream.waiting.wait(20)
        stream.thread_waits.end()

    stopper = threading.Thread(target=end)
    stopper.start()
    with pytest.raises(TimeoutError):
        stream.ours.recv(1)
    stopper.join()
    with pytest.raises(TimeoutError):
        stream.ours.recv(1)


def test_100_continue_is_said_before_a_wait_and_not_else(stream: Ends) -> None:
    stream.ours.send(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert stream.pieces() == []
    stream.theirs.sendall(b"body")
    stream.ours.settimeout(20)
    assert stream.ours.recv(4) == b"body"
    assert b"".join(stream.pieces()) == b"HTTP/1.1 100 Continue\r\n\r\n"
    stream.ours.send(b"HTTP/1.1 100 Continue\r\n\r\n")
    stream.ours.incoming.next_request(b"more")
    assert stream.ours.recv(4) == b"more"
    assert stream.pieces() == []


SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
PROXY_V2 = SIGNATURE + b"\x21\x11\x00\x0c" + bytes([1, 2, 3, 4, 5, 6, 7, 8, 0, 9, 0, 10])


def test_a_head_that_only_gunicorn_understands(stream: Ends) -> None:
    """A binary PROXY header looks like a head that is there in full, or is wrong."""
    request = PROXY_V2 + GET % 1
    found = parser(stream, proxy_protocol="v2", proxy_allow_ips="*")
    incoming, tried = stream.ours.incoming, 0
    for at in range(0, len(request), 7):
        stream.theirs.sendall(request[at : at + 7])
        if incoming.arrival() is Arrival.MORE:
            continue
        try:
            taken = next(found)
        except HeadIncomplete:
            tried += 1
            assert incoming.arrival() is Arrival.MORE, "only more bytes make another try"
        else:
            break
    assert tried
    assert (taken.path, taken.proxy_protocol_info["client_addr"]) == ("/1", "1.2.3.4")
    assert stream.waits == []


def test_tries_end(stream: Ends) -> None:
    found = parser(stream, proxy_protocol="v2", proxy_allow_ips="*")
    stream.theirs.sendall(SIGNATURE + b"\x21\x11\xff\xff")
    incoming = stream.ours.incoming
    deadline = time.monotonic() + 20
    while (arrival := incoming.arrival()) is not Arrival.GONE:
        assert time.monotonic() < deadline
        if arrival is Arrival.WHOLE:
            with pytest.raises(HeadIncomplete):
                next(found)
        stream.theirs.sendall(b"x")
