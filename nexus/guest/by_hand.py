"""Requests that a person writes, at a command line or in the console."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote, unquote_to_bytes

from nexus.errors import InvalidArgument
from nexus.guest.headers import NAME, VALUE
from nexus.guest.target import check_target
from nexus.model import HttpRequest

_PRINTABLE: Final = "".join(map(chr, range(0x21, 0x7F)))


def request_by_hand(
    route: str, method: str, path: str, headers: Sequence[str], body: bytes, mark: str = ""
) -> HttpRequest:
    """Return a request for *path* below *route*; *headers* are `NAME:VALUE`. *mark* stands before
    the names of these parts in errors.

    Raises: InvalidArgument.
    """
    if not NAME.fullmatch(method):
        raise InvalidArgument(f"{mark}method {method!r}: use letters, digits and !#$%&'*+-.^_`|~")
    meta = {
        "REQUEST_METHOD": method.upper(),
        "SCRIPT_NAME": "",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_HOST": "localhost",
        **_target(route, path, mark),
    }
    for header in headers:
        name, value = _header(header, mark)
        key = name.upper().replace("-", "_")
        meta[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    try:
        check_target(meta)
    except InvalidArgument as error:
        raise InvalidArgument(f"this is not a request a server takes: {error}") from error
    return HttpRequest(meta, body)


def _target(route: str, path: str, mark: str) -> dict[str, str]:
    """Return the variables that a server sets for the target *path* below *route*."""
    if path and path[0] not in "/?":
        raise InvalidArgument(f"{mark}path {path!r}: begin it with '/' or '?'")
    raw = quote(os.fsencode(route.rstrip("/") + path), safe=_PRINTABLE)
    raw_path, _, query = raw.partition("?")
    return {
        "RAW_URI": raw,
        "PATH_INFO": unquote_to_bytes(raw_path).decode("latin-1"),
        "QUERY_STRING": query,
    }


def _header(given: str, mark: str) -> tuple[str, str]:
    """Return name and value, checked by the rules of HTTP (RFC 9110 sections 5.5 and 5.6.2)."""
    name, colon, value = given.partition(":")
    name, value = name.strip(" \t"), value.strip(" \t")
    if not colon:
        raise InvalidArgument(f"{mark}header {given!r} has no colon: use NAME:VALUE")
    if not NAME.fullmatch(name):
        raise InvalidArgument(
            f"{mark}header {given!r}: a name has letters, digits and !#$%&'*+-.^_`|~, "
            f"found {name!r}"
        )
    if not VALUE.fullmatch(value):
        raise InvalidArgument(f"{mark}header {given!r}: no control characters but tabs are allowed")
    return name, value
