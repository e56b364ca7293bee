"""Which handlers serve side by side: a name and a route belong to whoever has them already."""

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
"""Maps a file to the name and the route that its handler serves with."""


def settle(
    loaded: Mapping[str, Handler], serving: Mapping[str, Handler], claims: Mapping[str, object]
) -> tuple[dict[str, Handler], dict[str, HandlerConflict]]:
    """Return by file the handlers that can serve beside each other, and what is wrong with others.

    *loaded*: by file, in the order in which those that are new are considered. *serving*: by file,
    those that serve until now; one whose new version will not do goes on as it is, if it can.
    *claims*: by file, the name and the route of those that serve in this pod; they come first.
    """

    def rank(file: str) -> int:
        if claims.get(file) == (loaded[file].name, loaded[file].route):
            return 0
        return 1 if file in serving or file in claims else 2

    settled: dict[str, Handler] = {}
    conflicts: dict[str, HandlerConflict] = {}
    for file in sorted(loaded, key=rank):
        problem = _conflict(loaded[file], settled)
        if problem is None:
            settled[file] = loaded[file]
            continue
        conflicts[file] = HandlerConflict(problem)
        last_good = serving.get(file)
        if last_good is not None and _conflict(last_good, settled) is None:
            settled[file] = last_good
    return settled, conflicts


def _conflict(handler: Handler, others: Mapping[str, Handler]) -> str | None:
    if is_reserved(handler.route):
        return f"route {handler.route} is reserved: {', '.join(RESERVED_ROUTES)}"
    for file, other in others.items():
        if other.name == handler.name:
            return f"another file is handler {handler.name!r} already: {file}"
        if other.route == handler.route:
            return f"route {handler.route} is taken by handler {other.name!r} ({file})"
    return None


class ClaimsFile:
    """Who serves what, for all workers of one master: one that starts later must not come to
    another result than those that saw a newcomer come."""

    def __init__(self, path: Path | None) -> None:
        """*path* None: there are no others."""
        self._path = path

    @contextmanager
    def held(self, own: Claims) -> Iterator[Claims]:
        """Lend the claims, or *own* if nobody has written any; write what is in them afterwards.

        Other workers wait meanwhile. Without a place for the file each worker is by itself.
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
            os.close(descriptor)  # which unlocks

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
