"""Makes a request from options."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote_to_bytes

import click

from nexus.errors import InvalidArgument
from nexus.model import Handler, HttpRequest, Scheduled

_PRINTABLE: Final = "".join(map(chr, range(0x21, 0x7F)))


def content(given: str) -> bytes:
    """Return *given* as bytes; for `@FILE` the content of that file, for `@-` standard input."""
    if not given.startswith("@"):
        return os.fsencode(given)
    if given == "@-":
        return sys.stdin.buffer.read()
    try:
        return Path(given[1:]).read_bytes()
    except OSError as error:
        raise click.UsageError(f"cannot read {given[1:]}: {error.strerror}") from error


def http_request(
    handler: Handler, method: str, path: str, headers: tuple[str, ...], body: bytes
) -> HttpRequest:
    """Return a request for *path* below the handler's route; *headers* are `NAME:VALUE`.

    Raises: UsageError.
    """
    # Late: guests take a moment to import, and `--help` needs none.
    from nexus.guest.headers import NAME
    from nexus.guest.target import check_target

    if not NAME.fullmatch(method):
        raise click.UsageError(f"--method {method!r}: use letters, digits and !#$%&'*+-.^_`|~")
    meta = {
        "REQUEST_METHOD": method.upper(),
        "SCRIPT_NAME": "",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_HOST": "localhost",
        **_target(handler.route, path),
    }
    for header in headers:
        name, value = _header(header)
        key = name.upper().replace("-", "_")
        meta[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    try:
        check_target(meta)
    except InvalidArgument as error:
        raise click.UsageError(f"this is not a request a server takes: {error}") from error
    return HttpRequest(meta, body)


def scheduled_request(handler: Handler, cron: str) -> HttpRequest:
    """Return the call of the schedule *cron*, as if it were due now. Raises: UsageError."""
    from nexus.schedules import read_entry, request_for

    try:
        entry = read_entry(cron)
    except ValueError as error:
        raise click.UsageError(
            f"--scheduled {cron!r}: {error}; use five fields, such as '*/5 * * * *'"
        ) from error
    return request_for(handler, Scheduled(entry, time.time_ns() // 1_000_000))


def _target(route: str, path: str) -> dict[str, str]:
    """Return the variables that a server sets for the target *path* below *route*."""
    if path and path[0] not in "/?":
        raise click.UsageError(f"--path {path!r}: begin it with '/' or '?'")
    raw = quote(os.fsencode(route.rstrip("/") + path), safe=_PRINTABLE)
    raw_path, _, query = raw.partition("?")
    return {
        "RAW_URI": raw,
        "PATH_INFO": unquote_to_bytes(raw_path).decode("latin-1"),
        "QUERY_STRING": query,
    }


def _header(given: str) -> tuple[str, str]:
    """Return name and value, checked by the rules of HTTP (RFC 9110 sections 5.5 and 5.6.2)."""
    from nexus.guest.headers import NAME, VALUE

    name, colon, value = given.partition(":")
    name, value = name.strip(" \t"), value.strip(" \t")
    if not colon:
        raise click.UsageError(f"--header {given!r} has no colon: use NAME:VALUE")
    if not NAME.fullmatch(name):
        raise click.UsageError(
            f"--header {given!r}: a name has letters, digits and !#$%&'*+-.^_`|~, found {name!r}"
        )
    if not VALUE.fullmatch(value):
        raise click.UsageError(f"--header {given!r}: no control characters but tabs are allowed")
    return name, value
