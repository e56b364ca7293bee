"""The WSGI layer: handler traffic goes straight to the data path, the rest to Flask (fact 27)."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from nexus.errors import InternalError, InvalidArgument, MethodNotAllowed, NexusError, is_interrupt
from nexus.guest.files.assets import Part
from nexus.guest.target import SERVER_WIDE, check_target
from nexus.handlers.routes import is_reserved
from nexus.http.body import check_input, read_body
from nexus.http.early import START
from nexus.http.early_answers import FILTERING, EarlyAnswers
from nexus.http.errors import problem
from nexus.http.filters import Filtering
from nexus.http.frames import drop_frames
from nexus.http.head import head_of
from nexus.http.static_files import pieces, static_response
from nexus.model import Handler, HttpRequest, HttpResponse, Outcome
from nexus.run import Execution
from nexus.service import Service

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication

log = logging.getLogger("nexus.http")

BEGAN = "nexus.began"
"""key of a WSGI environ: when the request began, in monotonic seconds"""

PASSED_ON = "nexus.passed_on"
"""key of a WSGI environ: no handler served the path when the layer looked"""


class HandlerLayer:
    """A WSGI middleware that answers requests for handlers and passes all others on to Flask."""

    def __init__(self, following: WSGIApplication, service: Service) -> None:
        self._following, self._service, self._log = following, service, service.access_log
        self._handlers, self._filters = service.handlers, service.filters
        self._early = EarlyAnswers(service, self._log_early)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        began = time.monotonic()
        try:
            check_target(environ)
        except InvalidArgument as error:
            return self._refuse(environ, start_response, error, began)
        path = environ["PATH_INFO"]
        if path == SERVER_WIDE:
            return self._answer_for_all(environ, start_response, began)
        handler = self._handlers.catalogue.routes.find(path)
        if handler is None:
            handler = self._found_late(path)
        if handler is None:
            return self._follow(environ, start_response, began)
        if handler.split is not None:
            handler = handler.split.choose(environ)
        run: Execution | None = None
        filtering = Filtering(self._filters, self._service) if self._filters else None
        size, outcome = 0, Outcome.OK
        rest: Part | None = None
        failed: NexusError | None = None
        try:
            if handler.methods:
                _check_method(handler, environ["REQUEST_METHOD"])
            run = self._service.dispatcher.new_run(handler, began, _timeout_s(environ))
            if filtering is not None:
                environ[FILTERING] = filtering
                filtering.begin(handler, environ)
                if run.outbound is not None or run.key_value is not None:
                    filtering.observe(handler, environ, run)
            body = self._read_body(environ, handler, run)
            size = len(body)
        except NexusError as error:
            self._service.refused(handler, error)  # errors after this the dispatcher counts
            response, outcome = self._problem(error, handler, run), error.outcome
        else:
            environ[START] = start_response
            request = HttpRequest(environ, body, self._early)
            try:
                if handler.static is None:
                    response = self._service.dispatcher.run(handler, request, run)
                else:
                    response, rest = self._static(handler, environ, run)
            except NexusError as error:
                response, outcome, failed = self._problem(error, handler, run), error.outcome, error
            gone = request.client is not None and self._early.end(request, handler, run, failed)
            if failed is not None:
                drop_frames(failed)
            if gone:
                return ()
        if filtering is not None:
            filtering.end(handler, environ, response, outcome, run)
        if self._log is not None:
            sent = None if rest is None else rest.length
            self._write_log(environ, response, outcome, handler, began, size, run, sent)
        return _send(environ, start_response, response, outcome, rest)

    def _static(
        self, handler: Handler, environ: dict[str, Any], run: Execution
    ) -> tuple[HttpResponse, Part | None]:
        """Answer with a file; return also what of it is sent piece by piece."""
        error: NexusError | None = None
        try:
            return static_response(handler, environ)
        except NexusError as raised:
            error = raised
            raise
        finally:
            run.usage.duration_s = run.timer.wall_s()
            self._service.dispatcher.ended(handler, run, error)
            error = None  # its traceback has this frame: a cycle

    def _follow(
        self, environ: dict[str, Any], start_response: StartResponse, began: float
    ) -> Iterable[bytes]:
        """Let Flask answer. Catch what Flask does not, such as a view's SystemExit: it would end
        the worker."""
        environ[BEGAN], environ[PASSED_ON] = began, True
        check_input(environ)
        try:
            return self._following(environ, start_response)
        except BaseException as error:
            if is_interrupt(error):
                raise
            log.exception("a view failed", extra={"fields": {"path": environ["PATH_INFO"]}})
            drop_frames(error)
            return self._refuse(environ, start_response, InternalError("a view failed"), began)

    def _answer_for_all(
        self, environ: dict[str, Any], start_response: StartResponse, began: float
    ) -> Iterable[bytes]:
        """Answer `OPTIONS *`, which asks about the server and no resource."""
        response = HttpResponse(204, [], b"")
        if self._log is not None:
            self._write_log(environ, response, Outcome.OK, None, began, 0, None)
        return _send(environ, start_response, response, Outcome.OK)

    def _refuse(
        self,
        environ: dict[str, Any],
        start_response: StartResponse,
        error: NexusError,
        began: float,
    ) -> Iterable[bytes]:
        """Answer a request that no handler gets."""
        self._service.refused(None, error)
        response = problem(error, None, None)
        if self._log is not None:
            self._write_log(environ, response, error.outcome, None, began, 0, None)
        return _send(environ, start_response, response, error.outcome)

    def _found_late(self, path: str) -> Handler | None:
        """Find the handler again after the handlers are loaded, or return None. Requests may arrive
        before that: readiness may have been reported by another worker. They may also have become
        loaded since the caller looked."""
        handlers = self._handlers
        if is_reserved(path):
            return None
        handlers.wait_loaded(self._service.limits.timeout_s)
        return handlers.catalogue.routes.find(path)

    def _problem(self, error: NexusError, handler: Handler, run: Execution | None) -> HttpResponse:
        run_id = run.execution_id if run else None
        return problem(error, handler.name, run_id, debug=self._service.settings.debug)

    def _read_body(self, environ: dict[str, Any], handler: Handler, run: Execution) -> bytes:
        timeout_s = self._service.settings.http_body_timeout_ms / 1000
        return read_body(environ, handler.limits.max_request_bytes, timeout_s, run.deadline)

    def _log_early(
        self,
        request: HttpRequest,
        response: HttpResponse,
        outcome: Outcome,
        handler: Handler,
        run: Execution,
        sent_bytes: int,
    ) -> None:
        if self._log is not None:
            began = time.monotonic() - run.timer.wall_s()
            size = len(request.body)
            environ: Any = request.meta
            self._write_log(environ, response, outcome, handler, began, size, run, sent_bytes)

    def _write_log(
        self,
        environ: dict[str, Any],
        response: HttpResponse,
        outcome: Outcome,
        handler: Handler | None,
        began: float,
        size: int,
        run: Execution | None,
        sent_bytes: int | None = None,
    ) -> None:
        assert self._log is not None  # the caller asked
        self._log.write(
            method=environ["REQUEST_METHOD"],
            path=environ["PATH_INFO"],
            status=response.status,
            outcome=outcome,
            handler=handler.name if handler is not None else "",
            duration_ms=(time.monotonic() - began) * 1000,
            request_bytes=size,
            response_bytes=len(response.body) if sent_bytes is None else sent_bytes,
            execution_id=run.execution_id if run else "",
            remote=environ.get("REMOTE_ADDR", ""),
        )


def _check_method(handler: Handler, method: str) -> None:
    methods = handler.methods
    if "GET" in methods:
        methods |= {"HEAD"}  # like Flask
    if method not in methods:
        raise MethodNotAllowed(method, tuple(sorted(methods)))


def _timeout_s(environ: dict[str, Any]) -> float | None:
    """Return `X-Nexus-Timeout-Ms` in seconds, None if it is missing. Raises: InvalidArgument."""
    said = environ.get("HTTP_X_NEXUS_TIMEOUT_MS")
    if said is None:
        return None
    if not (said.isascii() and said.isdigit() and len(said) <= 10 and int(said) > 0):
        raise InvalidArgument(f"X-Nexus-Timeout-Ms is {said[:40]!r}; it takes whole milliseconds")
    return int(said) / 1000


def _send(
    environ: dict[str, Any],
    start_response: StartResponse,
    response: HttpResponse,
    outcome: Outcome,
    rest: Part | None = None,
) -> Iterable[bytes]:
    is_head = environ["REQUEST_METHOD"] == "HEAD"
    start_response(*head_of(response, outcome, to_head=is_head))
    if rest is not None:
        return pieces(rest)
    return () if is_head else (response.body,)
