"""Header fields that occur several times; gunicorn joins all of them by commas."""

from __future__ import annotations

from typing import Protocol


class HasHeaders(Protocol):
    """gunicorn's request, as far as it matters here."""

    headers: list[tuple[str, str]]
    """names in upper case, with values, as they came"""


def join_cookies(request: HasHeaders) -> None:
    """Make one Cookie line of several: cookies are separated by semicolons (RFC 6265 section 4.2),
    and a comma may be part of one."""
    values = [value for name, value in request.headers if name == "COOKIE"]
    if len(values) > 1:
        others = [header for header in request.headers if header[0] != "COOKIE"]
        request.headers = [*others, ("COOKIE", "; ".join(values))]
