"""Response headers from untrusted guests: which may pass, and which a guest must not set."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from nexus.errors import InvalidResponse
from nexus.model import HttpResponse

MAX_HEADERS: Final = 100  # beyond, a response is invalid; gunicorn's default for requests
WITHOUT_BODY: Final = frozenset({204, 304})  # RFC 9110 sections 15.3.5 and 15.4.5

NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.6.2
VALUE: Final = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*")

_DIGITS: Final = re.compile(r"[0-9]{1,19}")

_DROPPED: Final = frozenset(
    {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}
)
_DROPPED_PREFIXES: Final = ("proxy-", "x-nexus-")  # about the connection; reserved by Nexus


class ResponseHead(NamedTuple):
    """A guest's response without its body; immutable, since equal heads share one object."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    length: str | None
    """the guest's own Content-Length"""

    def with_body(self, body: bytes | bytearray, *, to_head: bool) -> HttpResponse:
        """Return the response with *body*; *to_head*: the request's method was HEAD, so *body* only
        counts for Content-Length.

        Raises: InvalidResponse.
        """
        if to_head or self.status in WITHOUT_BODY:
            return self.without_body(len(body), is_head=to_head)
        if self.length is not None and self.length != str(len(body)):
            raise InvalidResponse(
                f"Content-Length is {self.length!r:.40}, but the body has {len(body)} bytes; "
                "the header can be left out"
            )
        return HttpResponse(self.status, list(self.headers), bytes(body), self.reason)

    def to_stream(self) -> HttpResponse:
        """Return the response before its body, which is as long as what the guest will write.

        Raises: InvalidResponse.
        """
        if self.status in WITHOUT_BODY:
            raise InvalidResponse(f"a response with status {self.status} has no body to stream")
        return HttpResponse(self.status, list(self.headers), b"", self.reason)

    def without_body(self, body_bytes: int, *, is_head: bool) -> HttpResponse:
        """Return the response to send without its body of *body_bytes*; see `length_without_body`.

        Raises: InvalidResponse.
        """
        length = length_without_body(self.length, body_bytes, is_head=is_head)
        return HttpResponse(self.status, list(self.headers), b"", self.reason, length)


def length_without_body(declared: str | None, body_bytes: int, *, is_head: bool) -> int | None:
    """Return Content-Length for a response that is sent without a body, or None if it is unknown.

    *declared*: the guest's own Content-Length. *is_head*: the request's method was HEAD; the guest
    may have written the whole body nevertheless.

    Raises: InvalidResponse if *declared* is not a number of bytes.
    """
    if declared is None:
        return body_bytes or None if is_head else None
    if _DIGITS.fullmatch(declared) is None:
        raise InvalidResponse(f"Content-Length is {declared!r:.40}; allowed: a number of bytes")
    return int(declared)


def is_dropped(name: str) -> bool:
    """Return whether a guest must not set the header *name*, given in lower case."""
    return name in _DROPPED or name.startswith(_DROPPED_PREFIXES)
