"""A request given by options."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from nexus.model import Handler, HttpRequest


def content(given: str) -> bytes:
    """The bytes that an option gives, or the file it names with `@`."""
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
    """A request for *path* below the handler's route; *headers* as `NAME:VALUE`."""
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
        name, colon, value = header.partition(":")
        if not colon:
            raise click.UsageError(f"--header {header!r} has no colon: use NAME:VALUE")
        key = name.strip().upper().replace("-", "_")
        meta[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value.strip()
    return HttpRequest(meta, body)
