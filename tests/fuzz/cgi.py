"""Fuzzes the CGI response parser: any output of a guest gives a response that is safe to send, or
InvalidResponse."""

from __future__ import annotations

import re

from nexus.errors import InvalidResponse
from nexus.guest.wasi.cgi_response import parse_response
from nexus.model import HttpResponse, Limits

from .driver import main

LIMITS = Limits(max_header_bytes=4096, max_response_bytes=16384)
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_OURS = ("connection", "content-length", "keep-alive", "transfer-encoding", "upgrade")


class CgiTarget:
    name = "cgi"
    seeds = (
        b"Content-Type: text/plain\n\nhello",
        b"Status: 404 Not Found\r\nContent-Type: a/b; c=d\r\nContent-Length: 2\r\n\r\nhi",
        b"Location: /elsewhere\nSet-Cookie: a=1; Path=/\nSet-Cookie: b=2\n\n",
        b"Status: 204\nX-Nexus-Outcome: ok\nConnection: close\nTransfer-Encoding: chunked\n\nx",
        b"X: 1\n\tfolded\n\n",
    )
    tokens = (
        b"\n", b"\r\n", b"\r", b"\n\n", b"\r\n\r\n", b":", b": ", b" ", b"\t", b"\0", b"\x7f",
        b"\x85", b"\xa0", b"\xff\xfe", b"\xe2\x80\xa8", b"Status: ", b"Status: 101", b"599 ",
        b"Content-Length: ", b"Content-Length: -1", b"99999999999999999999", b"Location: ",
        b"Transfer-Encoding: chunked", b"HTTP/1.1 200 OK\r\n", b"\r\nSet-Cookie: x=y",
        b"A: b\n" * 99,
        b"\xc4\xb0: \xc4\xb0", b"x" * 5000, b"0x10", b"1_0", "\u0661".encode(),
    )  # fmt: skip

    def check(self, data: bytes) -> str:
        endings = [self._parse(data, to_head=to_head) for to_head in (False, True)]
        return " / ".join(endings)

    def _parse(self, data: bytes, *, to_head: bool) -> str:
        try:
            response = parse_response(data, LIMITS, to_head=to_head)
        except InvalidResponse as invalid:
            return str(invalid)
        assert_safe(response, data)
        body = "a body" if response.body else "no body"
        kind = "redirect" if 300 <= response.status < 400 else "document"
        # Pluses, because the driver takes different numbers for the same ending.
        return f"{kind} with {body}, {'+' * min(len(response.headers), 12)} headers"


def assert_safe(response: HttpResponse, data: bytes) -> None:
    """Whatever the guest wrote, this goes to the client without harm."""
    assert 200 <= response.status <= 599
    assert _CONTROL.search(response.reason) is None
    for name, value in response.headers:
        assert _NAME.fullmatch(name), name
        assert name.lower() not in _OURS
        assert not name.lower().startswith(("x-nexus-", "proxy-"))
        assert _CONTROL.search(value) is None, value
        value.encode("latin-1")
    assert response.length is None or not response.body
    assert len(response.body) <= LIMITS.max_response_bytes
    assert data.endswith(response.body)


if __name__ == "__main__":
    main(CgiTarget())
