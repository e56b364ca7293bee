"""From granian's request to WSGI and back."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Protocol

from nexus.errors import InvalidArgument, NexusError
from nexus.handlers.routes import BODILESS_PATHS, is_reserved
from nexus.http.body import content_length
from nexus.server.granian.bodies import Bodies
from nexus.server.granian.environ import Environs, remote_of
from nexus.server.granian.response import Response
from nexus.server.granian.turns import Turns
from nexus.server.limits import ClientLimits
from nexus.server.refusals import Asked, refusal, report
from nexus.service import Service

log = logging.getLogger("nexus.server")

CALL_HEADER = "x-nexus-thread"
"""With this header and a secret value, a worker calls granian's threads into Python (calls.py)."""


class Host(Protocol):
    """The worker that serves."""

    service: Service

    @property
    def ends(self) -> bool:
        """Return whether the worker stops, so that answers close their connections."""

    def limits(self) -> ClientLimits:
        """Return the limits in force."""

    def count_request(self) -> None:
        """Count a request: gunicorn's `max_requests` may end the worker after it."""


class Intake:
    """Takes the requests of one listening socket. granian's threads call it."""

    def __init__(
        self, host: Host, app: Callable[..., Iterable[bytes]], environs: Environs, turns: Turns
    ) -> None:
        self._host, self._app, self._environs, self._turns = host, app, environs, turns
        self._service = host.service
        self._lane = self._service.lane
        self.bodies = Bodies(_most_bytes(self._service))
        self._most_stream_bytes = self._service.settings.max_response_bytes
        self._ends = lambda: host.ends
        self.call: str | None = None
        """the secret of the calls under way; None: no call is under way"""

    def take(self, watcher: Any) -> None:
        """Take a request, as granian's callback: it must not raise."""
        try:
            scope, proto = watcher.scope, watcher.proto
            if self.call is not None and scope.headers.get(CALL_HEADER) == self.call:
                self._turns.serve(partial(_answer_call, proto, self.call))
                return
            self._begin(scope, proto)
        except BaseException:  # granian answers 500 once the request is dropped
            log.exception("a request failed in the server")

    def _begin(self, scope: Any, proto: Any) -> None:
        try:
            environ = self._environs.make(scope)
            length, waits = _length(environ)
        except InvalidArgument as error:
            self._turns.serve(partial(self._refuse, scope, proto, error), returns=True)
            return
        if not waits:
            environ["wsgi.input"] = io.BytesIO()
            self._turns.serve(partial(self._answer, environ, proto))
            return
        most = self._most_body_bytes(environ)
        if most is None or (length is not None and length > most):
            # Refused without the body, of which nobody knows whether it follows.
            environ["wsgi.input"] = _Unread()
            self._turns.serve(partial(self._answer, environ, proto, closes=True), returns=True)
            return
        then = partial(self._got, scope, environ, proto, most)
        self.bodies.wait(proto, length, most, self._host.limits().body(), then)

    def _got(
        self,
        scope: Any,
        environ: dict[str, Any],
        proto: Any,
        most: int,
        found: bytes | NexusError | None,
    ) -> None:
        if isinstance(found, NexusError):
            self._refuse(scope, proto, found)
            return
        environ["wsgi.input"] = _Unread() if found is None else io.BytesIO(found)
        closes = found is None or len(found) > most
        self._turns.serve(partial(self._answer, environ, proto, closes=closes), returns=closes)

    def _most_body_bytes(self, environ: dict[str, Any]) -> int | None:
        """Return how long a body may be, or None if the request is refused whatever it is."""
        service, path = self._service, environ["PATH_INFO"]
        handler = service.handlers.catalogue.routes.find(path)
        if handler is not None:
            if handler.split is not None:  # any of them may be chosen
                return max(version.limits.max_request_bytes for version in handler.split.versions)
            refused = handler.methods and environ["REQUEST_METHOD"] not in handler.methods
            return None if refused else handler.limits.max_request_bytes
        if path in BODILESS_PATHS:
            return None
        if is_reserved(path) or not service.handlers.loaded:
            most_version_bytes = service.settings.max_version_mb << 20  # `PUT /v1/handlers/NAME`
            return max(service.limits.max_request_bytes, most_version_bytes)
        return None

    def _answer(self, environ: dict[str, Any], proto: Any, *, closes: bool = False) -> None:
        """Serve the request while long executions give way to it."""
        service = self._service
        self._lane.request_begins()
        try:
            if service.orders:  # a policy must see other requests, too, to choose among them
                self._turns.before_wait()
            response = Response(proto, self._most_stream_bytes, self._ends)
            body = self._app(environ, response)
            try:
                content = body[0] if type(body) is tuple and len(body) == 1 else b"".join(body)
            finally:
                close = getattr(body, "close", None)
                if close is not None:
                    close()
            if not response.sent:
                response.send_whole(content, closes=closes)
        finally:
            self._lane.request_ends()
        self._host.count_request()

    def _refuse(self, scope: Any, proto: Any, error: NexusError) -> None:
        """Answer a request that never comes to the application."""
        response = refusal(error)
        asked = Asked(scope.method, scope.path, remote_of(scope))
        report(self._service, asked, error, response.status, len(response.body))
        headers = [
            *response.headers,
            ("X-Nexus-Outcome", error.outcome.value),
            ("Connection", "close"),
        ]
        proto.response_bytes(response.status, headers, response.body)


class _Unread(io.RawIOBase):
    """A body that is malformed, or was not awaited."""

    def read(self, size: int | None = -1, /) -> bytes:
        raise OSError("the body cannot be read")


def _answer_call(proto: Any, secret: str) -> None:
    proto.response_bytes(204, [(CALL_HEADER, secret)], b"")


def _length(environ: dict[str, Any]) -> tuple[int | None, bool]:
    """Return the length of a request's body, None if it is not declared, and whether there is one
    to wait for. Raises: InvalidArgument."""
    declared, coding = environ.get("CONTENT_LENGTH"), environ.get("HTTP_TRANSFER_ENCODING")
    if coding is not None:
        if declared is not None:
            raise InvalidArgument(
                "the request has Content-Length and Transfer-Encoding; allowed: one of them"
            )
        return None, True
    if declared is None:
        return None, False
    length = content_length(declared)
    return length, length > 0


def _most_bytes(service: Service) -> int:
    settings = service.settings
    return max(64 << 20, settings.threads * settings.max_request_bytes)
