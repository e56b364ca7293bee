"""Reads the response in the answer of `bootstrap.js`, as untrusted input.

An answer is a line with the status and the reason, a line `name:value` for each header, and an
empty line; the body follows if it is a text. If the handler is not done after it, a mark comes
first.
"""

from __future__ import annotations

import re
from typing import Final

from nexus.errors import InvalidResponse
from nexus.guest.checked_head import checked_head, head_reader
from nexus.guest.excerpt import excerpt
from nexus.guest.headers import ResponseHead
from nexus.guest.js.outcome import EARLY, HEAD_END
from nexus.guest.preview1.descriptors import CappedOutput
from nexus.model import HttpResponse
from nexus.plugin_api.guest import Run

_STATUS_DIGITS: Final = 3
_SURROGATE: Final = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")
_REPLACEMENT: Final = b"\xef\xbf\xbd"


def response_of(answer: bytes, body: CappedOutput, run: Run, *, to_head: bool) -> HttpResponse:
    """Return the response in *answer*, whose body follows as text or was written to *body*.

    *to_head*: the request's method was HEAD.

    Raises: InvalidResponse, naming the text found and the form needed.
    """
    head, _, text = answer.partition(HEAD_END)
    if text:
        if not text.isascii() and b"\xed" in text:
            # A lone surrogate, which UTF-8 does not have.
            text = _SURROGATE.sub(_REPLACEMENT, text)
        body.add(text)
    return _head_of(head, run.limits).with_body(body.content, to_head=to_head)


def stream_head_of(answer: bytes, run: Run) -> HttpResponse:
    """Return the response in *answer* without its body, which follows as a stream.

    Its Content-Length is left out.

    Raises: InvalidResponse.
    """
    return _head_of(answer.partition(HEAD_END)[0], run.limits).to_stream()


def _read(marked: bytes) -> ResponseHead:
    head = marked.lstrip(EARLY)
    first, *lines = head.decode("utf-8", "replace").split("\n")
    status, reason = first[:_STATUS_DIGITS], first[_STATUS_DIGITS + 1 :]
    if not status.isdecimal() or not status.isascii() or first[_STATUS_DIGITS:][:1] != " ":
        raise InvalidResponse(
            f"the handler's answer begins with {excerpt(head)}; needed is a Response"
        )
    pairs = [line.partition(":")[::2] for line in lines]
    return checked_head(int(status), reason, [list(pair) for pair in pairs])


_head_of = head_reader(_read)
