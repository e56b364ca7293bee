"""Decides which handlers serve if several want one name or route: its present owner keeps it."""

from __future__ import annotations

import fcntl
import json
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from nexus.errors import HandlerConflict
from nexus.handlers.routes import RESERVED_ROUTES, is_reserved
from nexus.model import Handler

log = logging.getLogger("nexus.handlers")

Claims: TypeAlias = dict[str, tuple[str, str]]
"""Maps a file to the name and the route of its handler."""


def settle(
    loaded: Mapping[str, Handler], serving: Mapping[str, Handler], claims: Mapping[str, object]
) -> tuple[dict[str, Handler], dict[str, HandlerConflict]]:
    """Return the handlers that can serve together, and the conflicts of the others, both by file.

    *loaded* maps files to new handlers, in the order in which they are considered. *serving* maps
    files to the handlers that serve now; if a new version conflicts, the old one goes on serving
    unless it conflicts, too. *claims* maps files to the names and routes that are served in this
    pod; their handlers are considered first.
    """

    def rank(file: str) -> int:
        if claims.get(file) == (loaded[file].name, loaded[file].route):
            return 0
        return 1 if file in serving or file in claims else 2

    settled: dict[str, Handler] = {}
    conflicts: dict[str, HandlerConflict] = {}
    for file in sorted(loaded, key=rank):
        problem = conflict(loaded[file], settled)
        if problem is None:
            settled[file] = loaded[file]
            continue
        conflicts[file] = HandlerConflict(problem)
        last_good = serving.get(file)
        if last_good is not None and conflict(last_good, settled) is None:
            settled[file] = last_good
    return settled, conflicts


def conflict(handler: Handler, others: Mapping[str, Handler]) -> str | None:
    """Return why *handler* cannot serve beside *others*, by file; None if it can."""
    if is_reserved(handler.route):
        return f"route {handler.route} is reserved: {', '.join(RESERVED_ROUTES)}"
    for file, other in others.items():
        if other.name == handler.name:
            return f"another file is handler {handler.name!r} already: {file}"
        if other.route == handler.route:
            return f"route {handler.route} is taken by handler {other.name!r} ({file})"
    return None


class ClaimsFile:
    """A file with the names and routes served by all workers of one master, so that a worker that
    starts later settles conflicts like the workers before it."""

    def __init__(self, path: Path | None) -> None:
        """*path*: the file, or None if there are no other workers."""
        self._path = path

    @contextmanager
    def held(self, own: Claims) -> Iterator[Claims]:
        """Lock the file and lend its claims, or *own* if it has none; write the claims afterwards.

        Other workers wait for the lock meanwhile. If the file cannot be used, each worker decides
        by itself.
        """
        if self._path is None:
            yield own
            return
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            log.warning("%s cannot be used: %s", self._path, error.strerror)
            yield own
            return
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            claims = _parsed(os.pread(descriptor, os.fstat(descriptor).st_size, 0)) or own
            yield claims
            self._write(descriptor, json.dumps(claims).encode())
        finally:
            os.close(descriptor)  # also unlocks

    def _write(self, descriptor: int, text: bytes) -> None:
        try:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, text, 0)
        except OSError as error:  # a full disk: the next worker decides by itself
            log.warning("%s cannot be written: %s", self._path, error.strerror)


def _parsed(text: bytes) -> Claims:
    try:
        return {file: (name, route) for file, (name, route) in json.loads(text).items()}
    except (ValueError, TypeError, AttributeError):  # empty, or cut short by a full disk
        return {}
