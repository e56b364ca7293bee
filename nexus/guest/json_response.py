"""Reads the response of a JavaScript or Python handler as untrusted input."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any, Final

from nexus.errors import InvalidResponse
from nexus.guest.excerpt import excerpt
from nexus.guest.headers import (
    MAX_HEADERS,
    NAME,
    VALUE,
    WITHOUT_BODY,
    ResponseHead,
    is_dropped,
)
from nexus.model import HttpResponse, Limits

_ONCE: Final = frozenset({"content-type", "location"})
_CACHED_BYTES: Final = 1024
_IS_FLAT: Final = re.compile(rb"[1-9][0-9][0-9]\0").match
"""matches a head in the short form: `200`, the reason, then names and values, with NULs between"""


def response_of(
    answer: bytes, body: bytes | bytearray, limits: Limits, *, to_head: bool = False
) -> HttpResponse:
    """Make a response from the *answer* of `bootstrap.js` in JSON, or that of `boot.py`, and the
    *body* it wrote.

    *to_head*: the request's method was HEAD, so Content-Length describes a body that is not sent,
    and *body* is dropped.

    Raises: InvalidResponse, naming the text found and the form needed.
    """
    if len(answer) > limits.max_header_bytes:
        raise InvalidResponse(f"the headers are longer than {limits.max_header_bytes} bytes")
    read = _read_cached if len(answer) <= _CACHED_BYTES else _read
    head = read(answer)
    if to_head or head.status in WITHOUT_BODY:
        return head.without_body(len(body), is_head=to_head)
    if head.length is not None and head.length != str(len(body)):
        raise InvalidResponse(
            f"Content-Length is {head.length!r:.40}, but the body has {len(body)} bytes; "
            "the header can be left out"
        )
    return HttpResponse(head.status, list(head.headers), bytes(body), head.reason)


def stream_head_of(answer: bytes, limits: Limits) -> HttpResponse:
    """Make the head of a streamed response from the guest's *answer*.

    Its Content-Length is left out: the body is as long as what the guest will write.

    Raises: InvalidResponse.
    """
    if len(answer) > limits.max_header_bytes:
        raise InvalidResponse(f"the headers are longer than {limits.max_header_bytes} bytes")
    head = _read(answer)
    if head.status in WITHOUT_BODY:
        raise InvalidResponse(f"a response with status {head.status} has no body to stream")
    return HttpResponse(head.status, list(head.headers), b"", head.reason)


def _read(answer: bytes) -> ResponseHead:
    if _IS_FLAT(answer):
        status, reason, *flat = answer.decode("utf-8", "replace").split("\0")
        return _checked(int(status), reason, [flat[n : n + 2] for n in range(0, len(flat), 2)])
    try:
        head = json.loads(answer.decode("utf-8", "replace"))
        status, reason, given = head["status"], head.get("reason", ""), head["headers"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InvalidResponse(
            f"the handler's answer begins with {excerpt(answer)}; needed is a Response"
        ) from error
    return _checked(status, reason, given)


def _checked(status: Any, reason: Any, given: Any) -> ResponseHead:
    headers, length = _headers(given)
    if status.__class__ is not int or not 200 <= status <= 599:
        raise InvalidResponse(f"the status is {status!r}; needed is a number from 200 to 599")
    if not isinstance(reason, str) or not _is_value(reason):
        raise InvalidResponse(f"the reason phrase {reason!r:.80} has characters it must not have")
    return ResponseHead(status, reason, tuple(headers), length)


# Handlers answer with the same few heads over and over; reading one anew takes 25 µs more.
_read_cached = lru_cache(maxsize=256)(_read)


def _headers(given: Any) -> tuple[list[tuple[str, str]], str | None]:
    """Return the headers to send, and the declared Content-Length."""
    if not isinstance(given, list) or len(given) > MAX_HEADERS:
        raise InvalidResponse(f"the response has more than {MAX_HEADERS} headers")
    headers: list[tuple[str, str]] = []
    once: dict[str, str] = {}
    for pair in given:
        name, value = _pair(pair)
        key = name.lower()
        if is_dropped(key):
            continue
        if key in _ONCE or key == "content-length":
            if key in once:
                raise InvalidResponse(f"the response has more than one {name} header")
            once[key] = value
            if key == "content-length":
                continue
        headers.append((name, value))
    return headers, once.get("content-length")


def _pair(pair: Any) -> tuple[str, str]:
    match pair:
        case [str(name), str(value)]:
            pass
        case _:
            raise InvalidResponse(f"{pair!r:.80} is not a header: needed are a name and a value")
    if NAME.fullmatch(name) is None:
        raise InvalidResponse(f"the header name {name!r:.80} has characters it must not have")
    value = value.strip(" \t")
    if not _is_value(value):
        raise InvalidResponse(f"the value of header {name} has characters it must not have")
    return name, value


def _is_value(text: str) -> bool:
    """Return whether *text* is a valid header value: one byte per character, none for control."""
    return VALUE.fullmatch(text) is not None and (text.isascii() or max(text) <= "\xff")
