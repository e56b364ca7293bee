"""Response headers as a stranger gives them: what may pass, and what is not his to say."""

from __future__ import annotations

import re
from typing import Final

from nexus.errors import InvalidResponse

MAX_HEADERS: Final = 100  # what gunicorn accepts in requests by default
WITHOUT_BODY: Final = frozenset({204, 304})  # RFC 9110 sections 15.3.5 and 15.4.5

NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.6.2
VALUE: Final = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*")

_DIGITS: Final = re.compile(r"[0-9]{1,19}")

_DROPPED: Final = frozenset(
    {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}
)
_DROPPED_PREFIXES: Final = ("proxy-", "x-nexus-")  # the connection's, and our own


def length_without_body(declared: str | None, body_bytes: int, *, is_head: bool) -> int | None:
    """Return Content-Length for a response whose body is not sent; None if nothing is known of it.

    *declared*: the guest's own Content-Length. *is_head*: the request's method was HEAD, for which
    a guest may have written the whole body all the same.

    Raises: InvalidResponse if *declared* is not a number of bytes.
    """
    if declared is None:
        return body_bytes or None if is_head else None
    if _DIGITS.fullmatch(declared) is None:
        raise InvalidResponse(f"Content-Length is {declared!r:.40}; allowed: a number of bytes")
    return int(declared)


def is_dropped(name: str) -> bool:
    """Tell whether a header of this name, in lower case, must not come from a guest."""
    return name in _DROPPED or name.startswith(_DROPPED_PREFIXES)
