"""Makes a request from options."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import click

from nexus.errors import InvalidArgument
from nexus.model import Handler, HttpRequest, Scheduled


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
    from nexus.guest.by_hand import request_by_hand

    try:
        return request_by_hand(handler.route, method, path, headers, body, mark="--")
    except InvalidArgument as error:
        raise click.UsageError(str(error)) from error


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
