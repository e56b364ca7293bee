"""The access log: one line for each request."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from typing import NamedTuple, TextIO

from nexus.logs.brief import request_line
from nexus.logs.formats import LogFormat, resolve_format, wants_colour
from nexus.logs.text import encode, escape, local_time, timestamp
from nexus.model import Outcome


class Request(NamedTuple):
    """One request that was answered."""

    time: float
    """Unix time"""
    method: str
    path: str
    status: int
    outcome: Outcome
    handler: str
    duration_ms: float
    execution_id: str


class AccessLog:
    """Writes one line for each request, in one write; any thread may call it.

    A stream that fails (a full disk, a closed pipe) must not fail the request: such lines are
    counted in `lost`. The caller checks `access_log` and the level.
    """

    def __init__(self, format: LogFormat, stream: TextIO | None = None) -> None:
        self._stream = sys.stdout if stream is None else stream
        self._format = resolve_format(format, self._stream)
        self._colour = wants_colour(self._stream)
        self._lock = threading.Lock()  # guards writes to _stream, and lost
        self.lost = 0
        self.observer: Callable[[Request], None] | None = None
        """called with each request while somebody watches"""

    def write(
        self,
        *,
        method: str,
        path: str,
        status: int,
        outcome: Outcome,
        handler: str,
        duration_ms: float,
        request_bytes: int,
        response_bytes: int,
        execution_id: str,
        remote: str,
    ) -> None:
        """Log one request. *path* has no query string, which may hold secrets."""
        now = time.time()
        if (observer := self.observer) is not None:
            observer(
                Request(now, method, path, status, outcome, handler, duration_ms, execution_id)
            )
        if self._format == "json":
            # Formatted by hand: 5 µs a line; encoding a dict of these takes 17 (CPython 3.10).
            line = (
                f'{{"ts":"{timestamp(now)}","level":"info","logger":"nexus.access",'
                f'"method":{encode(method)},"path":{encode(path)},"status":{status:d},'
                f'"outcome":{encode(outcome.value)},"handler":{encode(handler)},'
                f'"duration_ms":{duration_ms:.3f},"request_bytes":{request_bytes:d},'
                f'"response_bytes":{response_bytes:d},"execution_id":{encode(execution_id)},'
                f'"remote":{encode(remote)}}}\n'
            )
        elif self._format == "brief":
            line = request_line(
                now, method, path, status, outcome, duration_ms, colour=self._colour
            )
        else:
            line = (
                f"{local_time(now)} {status:d} {escape(method)} {escape(path)} {outcome.value} "
                f"{duration_ms:.3f} ms {escape(handler) or '-'} {response_bytes:d} B "
                f"{escape(remote)}\n"
            )
        with self._lock:
            try:
                self._stream.write(line)
                self._stream.flush()
            except (OSError, ValueError):  # ValueError: the stream is closed
                self.lost += 1
