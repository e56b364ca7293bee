"""When a request counts as there in full, beside what gunicorn's own parser makes of it."""

from __future__ import annotations

import pytest
from gunicorn.config import Config
from gunicorn.http.parser import RequestParser
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nexus.server.sockets.arrival import BODY_BYTES, HEAD_BYTES, Arrival, Framing

LINE = b"POST /x HTTP/1.1\r\n"
HOST = b"Host: here\r\n"
LIMIT = 1 << 20
MORE, WHOLE, PART, OVERSIZED = Arrival.MORE, Arrival.WHOLE, Arrival.PART, Arrival.OVERSIZED


def arrival(data: bytes, most_bytes: int = LIMIT) -> Arrival:
    return Framing(lambda: most_bytes).look(data)


def chunked(*chunks: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return LINE + HOST + b"Transfer-Encoding: chunked\r\n\r\n" + body + end


def sized(said: int, sent: int, more: bytes = b"") -> bytes:
    return LINE + HOST + b"Content-Length: %d\r\n" % said + more + b"\r\n" + b"x" * sent


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", WHOLE),
        (b"GET / HTTP/1.1\r\nHost: here\r\n\r\nGET /next", WHOLE),
        (b"GET / HTTP/1.1\r\nHost: here\r\n\r", MORE),
        (b"\r\nGET / HTTP/1.1\r\n\r\n", WHOLE),
        (sized(0, 0), WHOLE),
        (sized(5, 4), MORE),
        (sized(5, 5), WHOLE),
        (sized(5, 9), WHOLE),
        (sized(BODY_BYTES, BODY_BYTES - 1), MORE),
        (sized(BODY_BYTES, BODY_BYTES), WHOLE),
        (sized(BODY_BYTES + 1, BODY_BYTES - 1), MORE),
        (sized(BODY_BYTES + 1, BODY_BYTES), PART),
        (sized(LIMIT, 0), MORE),
        (sized(LIMIT + 1, 0), PART),
        (sized(5, 0, b"Expect: 100-continue\r\n"), PART),
        (sized(5, 5, b"Expect: 100-continue\r\n"), WHOLE),
        (chunked(), WHOLE),
        (chunked(b"some", b"more"), WHOLE),
        (chunked(b"some", end=b""), MORE),
        (chunked(b"some", end=b"0\r\n"), MORE),
        (chunked(b"some", end=b"0\r\nTrailer: x\r\n"), MORE),
        (chunked(b"some", end=b"0\r\nTrailer: x\r\n\r\n"), WHOLE),
        (chunked(b"some", end=b"4;name=value\r\nmo"), MORE),
        (chunked(bytes(BODY_BYTES), end=b""), PART),
        (chunked(end=b"fffffffffffffff\r\n"), MORE),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * HEAD_BYTES, OVERSIZED),
    ],
)
def test_what_is_there(data: bytes, expected: Arrival) -> None:
    assert arrival(data) is expected


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\n",
        LINE + HOST + b"X: y\n",
        LINE + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\n",
        LINE + b"Content-Length: +5\r\n\r\n",
        LINE + b"Content-Length: \r\n\r\n",
        LINE + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        LINE + b"Transfer-Encoding: xchunked\r\n\r\n",
        LINE + b"Transfer-Encoding: chunked, identity\r\n\r\n",
        LINE + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        LINE + b"Transfer-Encoding: gzip\r\n\r\n",
        b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
        chunked(end=b"x\r\n"),
        chunked(end=b"-1\r\n"),
        chunked(end=b"1\r\nxyz"),
        chunked(end=b"1" * 8192),
    ],
)
def test_what_gunicorn_rejects_is_not_waited_for(data: bytes) -> None:
    assert arrival(data) is WHOLE
    assert ask_gunicorn(data) == "rejects"


class Wants(BaseException):
    """gunicorn wants more than was sent."""


def ask_gunicorn(data: bytes) -> str:
    """What gunicorn makes of *data* and its whole body: `takes`, `rejects`, `wants` more."""

    def source() -> object:
        yield data
        raise Wants

    config = Config()
    config.set("http_parser", "python")
    try:
        request = next(RequestParser(config, source(), ("127.0.0.1", 1)))
        while request.body.read(1024):
            pass
    except Wants:
        return "wants"
    except Exception:
        return "rejects"
    return "takes"


PIECES = [
    *(b"GET / HTTP/1.1", b"POST /a HTTP/1.1", b"POST / HTTP/1.0", b"HTTP/1.1", b"\r\n", b"\n"),
    *(b"\r", b"\r\n\r\n", b"Host: a", b"content-length: 3", b"Content-Length: 0", b"abc", b"0"),
    *(b"Content-Length: 3\r\n", b"Content-Length : 3", b"Content_Length: 3", b" folded", b"\0"),
    *(b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity, chunked", b"3", b"5;a=b"),
    *(b"Transfer-Encoding:\tchunked\r\n", b"transfer-encoding: CHUNKED", b"gzip", b"T: x"),
    *(b"Transfer-Encoding: gzip, chunked", b"Content-Length: 03", b"Content-Length: 3, 3", b":"),
]


@settings(max_examples=1500, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map(b"".join))
@example(b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nab")
@example(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r")
def test_no_thread_waits_for_what_counts_as_there(data: bytes) -> None:
    """And nothing that gunicorn takes is waited for any longer."""
    if not data:
        return
    if arrival(data) is WHOLE:
        assert ask_gunicorn(data) != "wants"
    else:
        assert ask_gunicorn(data) != "takes"


REQUESTS = [sized(7, 7), chunked(b"some", b"more"), chunked(b"x", end=b"0\r\nA: b\r\n\r\n"), LINE]


@given(st.sampled_from(REQUESTS), st.lists(st.integers(1, 40), min_size=1))
def test_pieces_make_no_difference(data: bytes, sizes: list[int]) -> None:
    framing, so_far, rest = Framing(lambda: LIMIT), b"", data
    while rest:
        size = sizes[len(so_far) % len(sizes)]
        so_far, rest = so_far + rest[:size], rest[size:]
        assert framing.look(so_far) is arrival(so_far)


def test_one_request_after_the_other() -> None:
    framing = Framing(lambda: LIMIT)
    assert framing.look(sized(5, 3)) is MORE
    assert framing.in_body
    assert framing.missing(len(sized(5, 3))) == 2
    assert framing.look(sized(5, 5)) is WHOLE
    framing.reset()
    assert not framing.in_body
    assert framing.look(b"GET /") is MORE
    assert framing.look(chunked(end=b"")) is MORE
    assert framing.missing(1000) is None
