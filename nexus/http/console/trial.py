"""Runs source text for a person who writes it: one request, and everything about the run."""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from nexus.errors import GuestError, NexusError
from nexus.guest.by_hand import request_by_hand
from nexus.handlers.sources import source_at
from nexus.handlers.texts import NAME
from nexus.model import Handler, HttpResponse, Isolation, Limits
from nexus.run.results import error_json
from nexus.run.timer import metrics_of
from nexus.service import Service
from nexus.service.observe import written_by
from nexus.versions.upload import Upload

_SHOWN_CHARACTERS: Final = 256 << 10
"""A longer body is cut; the page would become slow"""


@dataclass(frozen=True)
class Written:
    """The request that a person has written."""

    method: str
    path: str
    headers: tuple[str, ...]
    body: bytes


@dataclass(frozen=True)
class Tried:
    """How a trial ended."""

    status: str = ""
    """of the response: its code and its reason"""
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    problem: Mapping[str, str] | None = None
    """code and message of what went wrong, here or in the guest"""
    stack: str = ""
    log: tuple[tuple[str, str], ...] = ()
    """what the guest wrote to the log: a level's name and a text each"""
    metrics: Mapping[str, Any] | None = None
    """None: nothing ran"""
    limits: Limits = field(default_factory=Limits)


def try_out(service: Service, upload: Upload, written: Written) -> Tried:
    """Load *upload*, run *written* through it, and forget it. It serves nobody, has its own
    instance, and is called `<source>` in metrics and logs, like other source text.

    A problem is part of the answer.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="nexus-trial-") as folder:
            for path, content in upload.files.items():
                file = Path(folder, path)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
            source = source_at(Path(folder, upload.entry), service.abis)
            handler = service.handlers.check(replace(source, label=upload.entry))
            # No other request may get this instance: its guest may be half written.
            handler = replace(handler, name=NAME, isolation=Isolation.FRESH, stream=False)
            return _run(service, handler, written)
    except NexusError as error:
        return Tried(problem=error_json(error))
    finally:
        service.handlers.retain()


def _run(service: Service, handler: Handler, written: Written) -> Tried:
    request = request_by_hand(
        handler.route, written.method, written.path, written.headers, written.body
    )
    run = service.dispatcher.new_run(handler, time.monotonic())
    response: HttpResponse | None = None
    problem, stack = None, ""
    try:
        response = service.dispatcher.run(handler, request, run)
    except NexusError as error:
        problem = error_json(error)
        stack = error.stack if isinstance(error, GuestError) else ""
    tried = Tried(
        problem=problem,
        stack=stack,
        log=tuple(
            (logging.getLevelName(level).lower(), text) for level, text in written_by(handler, run)
        ),
        metrics=metrics_of(run.usage, cache_hit=not handler.compiled.is_new),
        limits=handler.limits,
    )
    if response is None:
        return tried
    return replace(
        tried,
        status=f"{response.status} {response.reason}".rstrip(),
        headers=tuple(response.headers),
        body=_shown(response.body),
    )


def _shown(body: bytes) -> str:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return f"({len(body)} bytes that are not text)"
    if len(text) <= _SHOWN_CHARACTERS:
        return text
    return f"{text[:_SHOWN_CHARACTERS]}\n({len(text) - _SHOWN_CHARACTERS} more characters)"
