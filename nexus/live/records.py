"""Keeps the last log records and requests of one worker, for readers of the log."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections import deque
from typing import Any, Final

from nexus.logs import AccessLog, Request, record_facts, timestamp

MOST: Final = 1000
"""How many records a worker keeps"""
MOST_CHARACTERS: Final = 8192
"""Longer messages and exceptions are cut"""
LISTENING_S: Final = 60.0
"""How long after the last reader came requests are still kept"""
LEVELS: Final = ("debug", "info", "warning", "error", "critical")


class Records(logging.Handler):
    """The last records, each with a number. Thread-safe.

    Requests are kept only while somebody reads, so that they cost nothing otherwise.
    """

    def __init__(self, access_log: AccessLog | None) -> None:
        super().__init__()
        self._access_log = access_log
        self._numbers = itertools.count(1)
        self._kept: deque[tuple[int, dict[str, Any] | Request]] = deque(maxlen=MOST)
        self._changed = threading.Lock()  # guards _until
        self._until = 0.0

    def emit(self, record: logging.LogRecord) -> None:
        facts = record_facts(record)
        for name in ("message", "exception"):
            if len(text := str(facts.get(name, ""))) > MOST_CHARACTERS:
                facts[name] = text[:MOST_CHARACTERS] + "…"
        self._kept.append((next(self._numbers), facts))

    def read(self, after: int) -> list[tuple[int, dict[str, Any]]]:
        """Return the records with a number above *after*, the oldest first; keep requests from
        now on for a while."""
        self._listen()
        found = [entry for entry in list(self._kept) if entry[0] > after]
        return [
            (number, _request_facts(kept) if isinstance(kept, Request) else kept)
            for number, kept in found
        ]

    def close(self) -> None:
        super().close()
        if self._access_log is not None:
            self._access_log.observer = None

    def _listen(self) -> None:
        if self._access_log is not None:
            with self._changed:
                self._until = time.monotonic() + LISTENING_S
                self._access_log.observer = self._keep_request

    def _keep_request(self, request: Request) -> None:
        self._kept.append((next(self._numbers), request))
        if time.monotonic() > self._until:
            with self._changed:
                if time.monotonic() > self._until and self._access_log is not None:
                    self._access_log.observer = None


def _request_facts(request: Request) -> dict[str, Any]:
    return {
        "ts": timestamp(request.time),
        "level": "info",
        "logger": "nexus.access",
        "message": f"{request.method} {request.path} {request.status}",
        "handler": request.handler,
        "execution_id": request.execution_id,
        "method": request.method,
        "path": request.path,
        "status": request.status,
        "outcome": request.outcome.value,
        "duration_ms": round(request.duration_ms, 3),
    }
