"""Makes a request from options."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from nexus.model import Handler, HttpRequest


def content(given: str) -> bytes:
    """Return the bytes that an option gives, or the contents of the file after `@`."""
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
    """Return a request for *path* below the handler's route; *headers* are `NAME:VALUE`."""
    from nexus.guest.headers import NAME  # not for `--help`: guests take a moment to import

    if not NAME.fullmatch(method):
        raise click.UsageError(f"--method {method!r}: use letters, digits and !#$%&'*+-.^_`|~")
    target, _, query = path.partition("?")
    meta = {
        "REQUEST_METHOD": method.upper(),
        "SCRIPT_NAME": "",
        "PATH_INFO": handler.route.rstrip("/") + target,
        "QUERY_STRING": query,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_LENGTH": str(len(body)),
    }
    for header in headers:
        name, value = _header(header)
        key = name.upper().replace("-", "_")
        meta[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    return HttpRequest(meta, body)


def _header(given: str) -> tuple[str, str]:
    """Return name and value, checked as in HTTP (RFC 9110 sections 5.5 and 5.6.2)."""
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
