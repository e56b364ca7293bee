"""Checks the head of a response that a guest answers with: status, reason and headers."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from nexus.errors import InvalidResponse
from nexus.guest.headers import MAX_HEADERS, NAME, VALUE, ResponseHead, is_dropped
from nexus.model import Limits

_CACHED_BYTES: Final = 1024
_ONCE: Final = frozenset({"content-type", "location"})


def head_reader(
    read: Callable[[bytes], ResponseHead],
) -> Callable[[bytes, Limits], ResponseHead]:
    """Return a function that reads a head as *read* does, and raises InvalidResponse for one that
    is longer than `max_header_bytes`.

    It keeps short heads, since handlers answer with the same few over and over, and reading one
    anew takes 25 µs more.
    """
    cached = lru_cache(maxsize=256)(read)

    def read_head(head: bytes, limits: Limits) -> ResponseHead:
        limit = limits.max_header_bytes
        if len(head) > limit:
            raise InvalidResponse(f"the headers are longer than {limit} bytes")
        return cached(head) if len(head) <= _CACHED_BYTES else read(head)

    return read_head


def checked_head(status: Any, reason: Any, headers: Any) -> ResponseHead:
    """Return the head of a response with *headers*, pairs of a name and a value.

    Raises: InvalidResponse, naming the value found and the form needed.
    """
    found, length = _headers(headers)
    if status.__class__ is not int or not 200 <= status <= 599:
        raise InvalidResponse(f"the status is {status!r}; needed is a number from 200 to 599")
    if not isinstance(reason, str) or not _is_value(reason):
        raise InvalidResponse(f"the reason phrase {reason!r:.80} has characters it must not have")
    return ResponseHead(status, reason, tuple(found), length)


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
