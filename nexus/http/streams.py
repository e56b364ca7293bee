"""Log records as they come: server-sent events
(https://html.spec.whatwg.org/multipage/server-sent-events.html).

A stream holds one of the worker's threads, so there are few of them, and each ends after a while; a
client then connects again, and goes on where it was by the last event's id.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Final

from flask import Response, request

from nexus.errors import Overloaded
from nexus.live import Cursor
from nexus.service import Service

MOST: Final = 2
"""How many streams one worker serves at once"""
LASTS_S: Final = 55.0
POLL_S: Final = 0.5
COLLECTING: Final = "granian"
"""The server that sends an answer only when it is complete: there a stream ends with the first
events, or after `COLLECTED_S`, and the client comes again"""
COLLECTED_S: Final = 10.0
KEEP_ALIVE_S: Final = 15.0
"""How long a stream may be silent; a comment then shows that it goes on"""
STREAMS: Final = "nexus.streams"
"""key of a WSGI environ: the answer is a stream, which must not be collected first"""

Read = Callable[[Cursor], tuple[list[dict[str, Any]], Cursor]]
"""Returns what came after a cursor, and the next cursor"""


class Streams:
    """The streams of one worker."""

    def __init__(self, service: Service) -> None:
        self._service, self._places = service, threading.Semaphore(MOST)

    def response(self, read: Read, after: Cursor) -> Response:
        """Return a stream of what *read* returns from *after* on.

        Raises: Overloaded if there are `MOST` streams already.
        """
        if not self._places.acquire(blocking=False):
            raise Overloaded(f"{MOST} streams of this worker are read already")
        request.environ[STREAMS] = True
        collected = request.environ.get("SERVER_SOFTWARE") == COLLECTING
        events = _Events(self._events(read, after, collected), self._places.release)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return Response(events, mimetype="text/event-stream", headers=headers)

    def _events(self, read: Read, cursor: Cursor, collected: bool) -> Iterator[str]:
        found, cursor = read(cursor)  # from here on requests are kept
        yield "retry: 1000\n\n"
        until = time.monotonic() + (COLLECTED_S if collected else LASTS_S)
        silent_since = time.monotonic()
        while True:
            for number, entry in enumerate(found, start=1):
                mark = f"id: {cursor}\n" if number == len(found) else ""
                yield f"{mark}data: {json.dumps(entry)}\n\n"
            if found:
                silent_since = time.monotonic()
            elif time.monotonic() - silent_since > KEEP_ALIVE_S:
                silent_since = time.monotonic()
                yield ": still here\n\n"
            if time.monotonic() > until or self._service.draining or (found and collected):
                return
            time.sleep(POLL_S)
            found, cursor = read(cursor)


class _Events:
    """An iterable that calls *ended* once, when it is closed or collected."""

    def __init__(self, events: Iterator[str], ended: Callable[[], None]) -> None:
        self._events, self._ended = events, [ended]

    def __iter__(self) -> Iterator[str]:
        return self._events

    def close(self) -> None:
        with suppress(IndexError):
            self._ended.pop()()

    def __del__(self) -> None:
        self.close()


def wanted() -> bool:
    """Return whether the client asks for a stream."""
    return "text/event-stream" in request.headers.get("Accept", "")
