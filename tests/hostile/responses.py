"""Guests whose answers would harm the client or a proxy, if they were sent as they are."""

from __future__ import annotations

from .case import HEAD, OK, Case, writing


def _invalid(name: str, output: bytes) -> Case:
    return Case(name, writing(output), "INVALID_RESPONSE")


CASES = [
    _invalid("nothing-written", b""),
    _invalid("noise", bytes(range(256)) * 4),
    _invalid("cr-in-a-header", b"Content-Type: a/b\rSet-Cookie: evil=1\n\n"),
    _invalid("cr-in-the-status", b"Status: 200 OK\rX: y\n\n"),
    _invalid("nul-in-a-header", b"Content-Type: a/b\nX: a\0b\n\n"),
    _invalid("folded-header", b"Content-Type: a/b\n Transfer-Encoding: chunked\n\n"),
    _invalid("space-in-a-header-name", b"Content-Type: a/b\nTransfer-Encoding : chunked\n\n"),
    _invalid("header-name-that-is-not-ascii", b"Content-Type: a/b\n\xc3\xa9: x\n\n"),
    _invalid("response-before-the-response", b"HTTP/1.1 200 OK\r\nContent-Type: a/b\r\n\r\n"),
    _invalid("status-101", b"Status: 101 Switching Protocols\n\n"),
    _invalid("status-1000", b"Status: 1000\n\n"),
    _invalid("status-in-other-digits", "Status: \u0662\u0660\u0660\n\n".encode()),
    _invalid("two-statuses", b"Status: 200\nStatus: 500\n\n"),
    _invalid(
        "two-content-lengths", b"Content-Type: a/b\nContent-Length: 1\nContent-Length: 2\n\nx"
    ),
    _invalid("content-length-too-long", b"Content-Type: a/b\nContent-Length: 100\n\nx"),
    _invalid("content-length-too-short", b"Content-Type: a/b\nContent-Length: 0\n\nGET / HTTP/1.1"),
    _invalid("content-length-negative", b"Content-Type: a/b\nContent-Length: -1\n\nx"),
    _invalid("no-blank-line", b"Content-Type: a/b\n"),
    _invalid("101-headers", b"Content-Type: a/b\n" + b"X: y\n" * 100 + b"\n"),
    _invalid("headers-without-end", b"Content-Type: a/b\nX: " + b"y" * 65400),
    Case(
        "headers-that-are-the-servers",
        writing(
            b"Connection: close\nTransfer-Encoding: chunked\nX-Nexus-Outcome: trap\n" + HEAD + b"x"
        ),
        OK,
        body=b"x",
    ),
    Case(
        "bytes-that-are-not-utf-8",
        writing(b"X: \xff\xfe\n" + HEAD + b"\xff\xc3\x28"),
        OK,
        body=b"\xff\xc3\x28",
    ),
]
