"""Opens the clients of runs that answer early, and reports how such runs end."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from nexus.errors import NexusError
from nexus.http.early import EarlyAnswer, open_channel
from nexus.model import Handler, HttpRequest, HttpResponse, Outcome
from nexus.run import Execution
from nexus.service import Service

log = logging.getLogger("nexus.http")

FILTERING = "nexus.filtering"
"""key of a WSGI environ: the request's `Filtering`, if there are request filters"""

WriteLog = Callable[[HttpRequest, HttpResponse, Outcome, Handler, Execution, int], None]
"""Writes the access log's line of a request with a response of so many bytes"""


class EarlyAnswers:
    """The `Sender` of one worker. Thread-safe."""

    def __init__(self, service: Service, write_log: WriteLog) -> None:
        self._service, self._write_log = service, write_log

    def open(self, request: HttpRequest, handler: Handler, run: Any) -> EarlyAnswer:
        """Return the client of *request*, which *run* answers."""
        environ: Any = request.meta
        client = EarlyAnswer(
            open_channel(environ, run.deadline),
            environ["REQUEST_METHOD"],
            partial(self._note, request, handler, run),
            self._service.lane.before_wait,
        )
        request.client = client
        return client

    def end(
        self, request: HttpRequest, handler: Handler, run: Execution, error: NexusError | None
    ) -> bool:
        """End the early answer to *request*, whose run ended with *error*; return False if none
        has begun. Raises: OSError to cut the answer off, as some servers want it."""
        client = request.client
        assert isinstance(client, EarlyAnswer)
        response = client.response
        if response is None:
            return False
        if client.streams:
            outcome = Outcome.OK if error is None else error.outcome
            self._write_log(request, response, outcome, handler, run, client.sent_bytes)
        if error is not None and error.outcome is not Outcome.CANCELLED:
            fields = {"handler": handler.name, "execution_id": run.execution_id}
            what = "its answer was cut off" if client.streams else "after its answer"
            log.warning("%s: %s: %s", what, error.code, error, extra={"fields": fields})
        client.end(failed=error is not None)
        return True

    def _note(
        self, request: HttpRequest, handler: Handler, run: Execution, response: HttpResponse
    ) -> None:
        """Show the response to filters; write the access log's line unless its body follows."""
        environ: Any = request.meta
        filtering = environ.get(FILTERING)
        if filtering is not None:
            filtering.end(handler, environ, response, Outcome.OK, run)
        client = request.client
        assert isinstance(client, EarlyAnswer)
        if not client.streams:
            size = len(response.body)
            self._write_log(request, response, Outcome.OK, handler, run, size)
