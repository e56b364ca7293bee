"""Reads the response of a Python handler as untrusted input."""

from __future__ import annotations

import json
import re
from typing import Final

from nexus.errors import InvalidResponse
from nexus.guest.checked_head import checked_head, head_reader
from nexus.guest.excerpt import excerpt
from nexus.guest.headers import ResponseHead
from nexus.model import HttpResponse, Limits

_IS_FLAT: Final = re.compile(rb"[1-9][0-9][0-9]\0").match
"""matches a head in the short form: `200`, the reason, then names and values, with NULs between"""


def response_of(
    answer: bytes, body: bytes | bytearray, limits: Limits, *, to_head: bool = False
) -> HttpResponse:
    """Make a response from the *answer* of `boot.py` and the *body* it wrote.

    *to_head*: the request's method was HEAD, so Content-Length describes a body that is not sent,
    and *body* is dropped.

    Raises: InvalidResponse, naming the text found and the form needed.
    """
    return _head_of(answer, limits).with_body(body, to_head=to_head)


def stream_head_of(answer: bytes, limits: Limits) -> HttpResponse:
    """Make the head of a streamed response from the guest's *answer*.

    Its Content-Length is left out: the body is as long as what the guest will write.

    Raises: InvalidResponse.
    """
    return _head_of(answer, limits).to_stream()


def _read(answer: bytes) -> ResponseHead:
    if _IS_FLAT(answer):
        status, reason, *flat = answer.decode("utf-8", "replace").split("\0")
        return checked_head(int(status), reason, [flat[n : n + 2] for n in range(0, len(flat), 2)])
    try:
        head = json.loads(answer.decode("utf-8", "replace"))
        status, reason, given = head["status"], head.get("reason", ""), head["headers"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InvalidResponse(
            f"the handler's answer begins with {excerpt(answer)}; needed is a Response"
        ) from error
    return checked_head(status, reason, given)


_head_of = head_reader(_read)
