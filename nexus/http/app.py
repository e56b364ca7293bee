"""The Flask app: health and metrics, with the handler layer in front of it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path

from flask import Flask, Response, request
from prometheus_client import CollectorRegistry
from werkzeug import exceptions
from werkzeug.exceptions import HTTPException
from werkzeug.sansio.response import Response as AnyResponse

from nexus.errors import (
    HandlerNotFound,
    HandlerNotLoaded,
    InternalError,
    InvalidArgument,
    MethodNotAllowed,
    NexusError,
    Overloaded,
    is_interrupt,
)
from nexus.handlers.routes import is_reserved
from nexus.http.errors import refusal
from nexus.http.frames import drop_frames
from nexus.http.layer import BEGAN, PASSED_ON, HandlerLayer
from nexus.http.management import BUSY, Readiness
from nexus.http.metrics import add_metrics, count_requests, handler_totals
from nexus.logs import AccessLog
from nexus.metrics.figures import Totals
from nexus.model import Outcome
from nexus.plugins.check import described
from nexus.runtime import WasmRuntime
from nexus.service import Service

log = logging.getLogger("nexus.http")

_OUTCOMES: dict[str | None, Outcome] = {outcome.value: outcome for outcome in Outcome}
_UNLOGGED = frozenset(("healthz", "readyz", "prometheus_metrics"))
"""endpoints for probes and scrapes"""


def create_app(
    service: Service, registry: CollectorRegistry, admin_token: bytes | None = None
) -> Flask:
    """Make the app around *service*, which may start later. With an *admin_token* the app has the
    runtime API, too; where the settings name a management address, that, health and metrics are
    served there only, by the app of `create_management_app`.

    Raises: PluginError if a plugin's pages cannot be added.
    """
    app = _bare_app(service)
    exporter = count_requests(app, registry)
    if not service.settings.management_bind:
        _add_health(app, service.unready)
        add_metrics(app, registry, service, exporter)
        _add_api(app, service, admin_token)
        if service.settings.console:
            _add_console(app, service, registry, admin_token)
    if service.settings.welcome:
        from nexus.http.pages.welcome import add_welcome  # late: it brings Jinja

        add_welcome(app, service)
    _add_blueprints(app, service)
    app.wsgi_app = HandlerLayer(app.wsgi_app, service)  # type: ignore[method-assign]
    return app


def create_management_app(
    service: Service,
    registry: CollectorRegistry,
    admin_token: bytes | None = None,
    ready_dir: Path | None = None,
) -> Flask:
    """Make the app that answers on the management address: health, metrics, the runtime API.

    *ready_dir*: a folder where the workers of one pod tell each other that they are ready.
    """
    app = _bare_app(service)
    app.before_request(_check_busy)
    _add_health(app, Readiness(service, ready_dir).reason)
    add_metrics(app, registry, service)
    _add_api(app, service, admin_token)
    _add_console(app, service, registry, admin_token)
    return app


def _bare_app(service: Service) -> Flask:
    app = Flask("nexus", static_folder=None)
    app.register_error_handler(HTTPException, lambda error: _as_problem(service, error))
    app.register_error_handler(NexusError, lambda error: _as_refusal(service, error))
    app.after_request(_say_outcome)
    app.teardown_request(_let_go)
    if service.access_log is not None:
        _log_requests(app, service.access_log)
    return app


def _let_go(error: BaseException | None) -> None:
    """Break the cycles of a request and its errors."""
    request.routing_exception = None
    if isinstance(error, Exception):  # the layer logs others, and breaks their cycles
        drop_frames(error)


def _check_busy() -> None:
    """Raises: Overloaded if the runtime API runs as many requests as it may."""
    if BUSY in request.environ:
        raise Overloaded("the runtime API is busy")


def _add_api(app: Flask, service: Service, admin_token: bytes | None) -> None:
    if admin_token is not None:
        from nexus.http.api import make_blueprint  # late: it takes 15 ms, mostly for the models

        granted = service.settings.text_capabilities
        runtime = WasmRuntime.of(service, text_capabilities=granted)
        app.register_blueprint(make_blueprint(service, runtime, admin_token))


def _add_console(
    app: Flask, service: Service, registry: CollectorRegistry, admin_token: bytes | None
) -> None:
    if admin_token is not None:
        from nexus.http.console import add_console  # late: it brings Jinja

        def look() -> dict[str, Totals]:
            return handler_totals(service, registry)

        add_console(app, service, WasmRuntime.of(service), admin_token, look)


def _add_health(app: Flask, unready: Callable[[], str | None]) -> None:
    @app.get("/healthz")
    def healthz() -> Response:
        return Response("ok\n", mimetype="text/plain")

    @app.get("/readyz")
    def readyz() -> Response:
        reason = unready()
        if reason is None:
            return Response("ok\n", mimetype="text/plain")
        return Response(f"not ready: {reason}\n", 503, mimetype="text/plain")


def _add_blueprints(app: Flask, service: Service) -> None:
    for plugin, blueprint in service.plugins.blueprints(service.settings, service.host):
        try:
            app.register_blueprint(blueprint)
        except (AssertionError, ValueError) as error:  # Flask raises these for names in use
            raise service.plugins.error(plugin, f"nexus_blueprints: {error}") from error
        except BaseException as error:  # the blueprint's own `record` runs code of the plugin
            if is_interrupt(error):
                raise
            reason = f"nexus_blueprints: it cannot be registered: {described(error)}"
            raise service.plugins.error(plugin, reason) from error


def _log_requests(app: Flask, access_log: AccessLog) -> None:
    """Log the requests that come to Flask, such as those for the runtime API and plugins' pages,
    except probes and scrapes."""

    @app.before_request
    def note_time() -> None:
        request.environ.setdefault(BEGAN, time.monotonic())

    @app.after_request
    def write(response: Response) -> Response:
        if request.endpoint not in _UNLOGGED:
            began: float = request.environ[BEGAN]
            access_log.write(
                method=request.method,
                path=request.path,
                status=response.status_code,
                outcome=_outcome(response),
                handler="",
                duration_ms=(time.monotonic() - began) * 1000,
                request_bytes=request.content_length or 0,
                response_bytes=response.content_length or 0,
                execution_id="",
                remote=request.remote_addr or "",
            )
        return response


def _outcome(response: Response) -> Outcome:
    said = response.headers.get("X-Nexus-Outcome")
    if said in _OUTCOMES:  # a page of a plugin may have set anything
        return _OUTCOMES[said]
    return Outcome.OK if response.status_code < 400 else Outcome.REJECTED


def _say_outcome(response: Response) -> Response:
    response.headers["X-Nexus-Outcome"] = _outcome(response).value
    return response


def _as_problem(service: Service, error: HTTPException) -> AnyResponse:
    """Return the response for Flask's own *error*, in the form of ours, and count it like ours.

    A view may choose any status, and even the response: `abort(403)`, `abort(response)`.
    """
    if error.response is not None:
        return error.response
    ours, status = _translated(service, error)
    service.refused(None, ours)
    name = ours.name if isinstance(ours, HandlerNotLoaded) else None
    response = refusal(ours, name, status)
    if status is not None:
        kept = [header for header in error.get_headers() if header[0] != "Content-Type"]
        response.headers.extend(kept)  # such as Retry-After, WWW-Authenticate
    return response


def _as_refusal(service: Service, error: NexusError) -> Response:
    """Return the response for an error of ours that a view raised."""
    if isinstance(error, InternalError):  # its details are kept from the client
        log.error("a view failed", exc_info=error, extra={"fields": {"path": request.path}})
    service.refused(None, error)
    return refusal(error)


def _translated(service: Service, error: HTTPException) -> tuple[NexusError, int | None]:
    """Return our error for Flask's, and the status if a view chose it."""
    if isinstance(error, exceptions.NotFound) and request.url_rule is None:
        if service.handlers.is_pending(request.path):
            return Overloaded("the handler's language runtime is being compiled"), None
        if (name := service.handlers.catalogue.failed.find(request.path)) is not None:
            return HandlerNotLoaded(name), None
        # Not on the management port, which serves no handlers.
        if PASSED_ON in request.environ and not is_reserved(request.path):
            if service.handlers.catalogue.routes.find(request.path) is not None:
                return Overloaded("the handler serves since a moment ago"), None
            if not service.versions.is_known:
                return Overloaded("the store of versions has not been read yet"), None
        if service.handlers.loaded:
            return HandlerNotFound("nothing is served at this path"), None
        return Overloaded("the handlers are still being loaded"), None
    if isinstance(error, exceptions.MethodNotAllowed):
        return MethodNotAllowed(request.method, tuple(sorted(error.valid_methods or ()))), None
    if isinstance(error, exceptions.InternalServerError):
        return InternalError(str(error.original_exception)), None  # Flask has logged it
    text, status = f"{error.name}: {error.description}", error.code or 500
    return (InvalidArgument(text) if status < 500 else InternalError(text)), status
