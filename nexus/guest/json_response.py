"""Reads the response of a Python handler as untrusted input."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Final

from nexus.errors import InvalidResponse
from nexus.guest.checked_head import checked_head
from nexus.guest.excerpt import excerpt
from nexus.guest.headers import ResponseHead
from nexus.model import HttpResponse, Limits

_CACHED_BYTES: Final = 1024


def response_of(
    answer: bytes, body: bytes | bytearray, limits: Limits, *, to_head: bool = False
) -> HttpResponse:
    """Make a response from the JSON *answer* of a handler and the *body* it wrote.

    *to_head*: the request's method was HEAD, so Content-Length describes a body that is not sent,
    and *body* is dropped.

    Raises: InvalidResponse, naming the text found and the form needed.
    """
    if len(answer) > limits.max_header_bytes:
        raise InvalidResponse(f"the headers are longer than {limits.max_header_bytes} bytes")
    read = _read_cached if len(answer) <= _CACHED_BYTES else _read
    return read(answer).with_body(body, to_head=to_head)


def stream_head_of(answer: bytes, limits: Limits) -> HttpResponse:
    """Make the head of a streamed response from the JSON *answer*.

    Its Content-Length is left out: the body is as long as what the guest will write.

    Raises: InvalidResponse.
    """
    if len(answer) > limits.max_header_bytes:
        raise InvalidResponse(f"the headers are longer than {limits.max_header_bytes} bytes")
    return _read(answer).to_stream()


def _read(answer: bytes) -> ResponseHead:
    try:
        head = json.loads(answer.decode("utf-8", "replace"))
        status, reason, given = head["status"], head.get("reason", ""), head["headers"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InvalidResponse(
            f"the handler's answer begins with {excerpt(answer)}; needed is a Response"
        ) from error
    return checked_head(status, reason, given)


# Handlers answer with the same few heads over and over; reading one anew takes 25 µs more.
_read_cached = lru_cache(maxsize=256)(_read)
