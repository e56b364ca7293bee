"""Header fields that occur several times; gunicorn joins all of them by commas."""

from __future__ import annotations

from typing import Protocol


class HasHeaders(Protocol):
    """The part of gunicorn's request that is read and changed here."""

    headers: list[tuple[str, str]]
    """names in upper case and values, in the order in which they arrived"""


def join_cookies(request: HasHeaders) -> None:
    """Join several Cookie lines with semicolons (RFC 6265 section 4.2): gunicorn would use commas,
    which may be part of a cookie."""
    values = [value for name, value in request.headers if name == "COOKIE"]
    if len(values) > 1:
        others = [header for header in request.headers if header[0] != "COOKIE"]
        request.headers = [*others, ("COOKIE", "; ".join(values))]
