"""Which header fields a guest may send, and which it gets."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from urllib3 import HTTPHeaderDict, HTTPResponse

_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}")  # RFC 9110 section 5.6.2
_VALUE: Final = re.compile(r"[\t\x20-\x7e\x80-\xff]*")  # a byte each
_METHOD: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}")

_HOP_BY_HOP: Final = frozenset(
    {
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization"),
        *("proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"),
    }
)
_NOT_SENT: Final = _HOP_BY_HOP | {
    *("accept-encoding", "content-length", "expect", "host", "http2-settings", "via"),
    "accept-charset",
    "access-control-request-headers",
    "access-control-request-method",
    "access-control-request-private-network",
}
"""Fetch's forbidden fields as far as they matter without a browser: the handler itself decides
about Cookie, Date, Origin and Referer"""
_PREFIXES: Final = ("proxy-", "sec-")
_CREDENTIALS: Final = frozenset({"authorization", "cookie"})
_OF_BODY: Final = frozenset(
    {"content-encoding", "content-language", "content-location", "content-type"}
)
_ENCODINGS: Final = "gzip, deflate"
_NO_METHODS: Final = ("CONNECT", "TRACE", "TRACK")


def check_method(method: str) -> str:
    """Return *method* if it may be sent. Raises: ValueError."""
    if not _METHOD.fullmatch(method):
        raise ValueError(f"{method!r:.80}: a method must be an HTTP token")
    if method.upper() in _NO_METHODS:
        raise ValueError(f"{method}: a request may not have the method {' or '.join(_NO_METHODS)}")
    return method


def to_send(given: Iterable[tuple[str, str]], most_bytes: int) -> HTTPHeaderDict:
    """Return the fields to send of those that a guest gave: without those that are the host's.

    Raises: ValueError for a field that cannot be sent, or more than *most_bytes* of them.
    """
    sent, size = HTTPHeaderDict(), 0
    for name, value in given:
        lower = name.lower()
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r:.80}: a header's name must be an HTTP token")
        value = value.strip(" \t")
        if not _VALUE.fullmatch(value):
            raise ValueError(
                f"the header {lower}: a value must have no line break and no NUL, and characters "
                "of one byte only"
            )
        size += len(name) + len(value) + 4
        if lower not in _NOT_SENT and not lower.startswith(_PREFIXES):
            sent.add(name, value)
    if size > most_bytes:
        raise ValueError(f"{size} bytes of headers; allowed are {most_bytes}")
    for name, value in (("Accept", "*/*"), ("User-Agent", "nexus")):
        if name not in sent:
            sent.add(name, value)
    sent.add("Accept-Encoding", _ENCODINGS)
    return sent


def without_credentials(fields: HTTPHeaderDict) -> HTTPHeaderDict:
    """Return the fields for another origin."""
    return _without(fields, _CREDENTIALS)


def without_body(fields: HTTPHeaderDict) -> HTTPHeaderDict:
    """Return the fields for a request whose body was dropped."""
    return _without(fields, _OF_BODY)


def _without(fields: HTTPHeaderDict, names: frozenset[str]) -> HTTPHeaderDict:
    return HTTPHeaderDict([pair for pair in fields.iteritems() if pair[0].lower() not in names])


def received(fields: HTTPHeaderDict) -> list[tuple[str, str]]:
    """Return the fields of an answer for the guest: the whole body comes decoded, by no
    connection."""
    encodings = fields.get("content-encoding", "").lower().replace(" ", "").split(",")
    dropped = _HOP_BY_HOP
    if all(encoding in HTTPResponse.CONTENT_DECODERS for encoding in encodings):
        dropped |= {"content-encoding", "content-length"}
    pairs = ((name.lower(), value) for name, value in fields.iteritems())
    return [pair for pair in pairs if pair[0] not in dropped]


def redirect_of(status: int, fields: HTTPHeaderDict) -> str | None:
    """Return the Location of a redirect; None if it is not one."""
    return fields.get("location") if status in (301, 302, 303, 307, 308) else None


def is_repeatable(method: str) -> bool:
    """Return whether a request may be sent again after its connection broke (RFC 9110 9.2.2)."""
    return method.upper() in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE")


def method_after(status: int, method: str) -> str:
    """Return the method of the request after a redirect (Fetch, HTTP-redirect fetch, step 12)."""
    changes = status in (301, 302) and method.upper() == "POST"
    changes = changes or (status == 303 and method.upper() not in ("GET", "HEAD"))
    return "GET" if changes else method
