"""The Flask app: health and metrics, with the handler layer in front of it."""

from __future__ import annotations

import os
import sys

from flask import Flask, Response
from prometheus_client import CollectorRegistry
from prometheus_flask_exporter import PrometheusMetrics
from prometheus_flask_exporter.multiprocess import GunicornInternalPrometheusMetrics
from werkzeug.exceptions import HTTPException

from nexus.errors import HandlerNotFound
from nexus.http.errors import problem
from nexus.http.layer import HandlerLayer
from nexus.logs import AccessLog
from nexus.service import Service


def create_app(service: Service, registry: CollectorRegistry) -> Flask:
    """Make the app around a started *service*."""
    app = Flask("nexus", static_folder=None)
    _add_health(app, service)
    _add_metrics(app, registry)
    app.register_error_handler(404, lambda _: _not_found())
    app.register_error_handler(HTTPException, _as_problem)
    log = (
        AccessLog(service.settings.log_format, sys.stdout) if service.settings.access_log else None
    )
    app.wsgi_app = HandlerLayer(app.wsgi_app, service, log)  # type: ignore[method-assign]
    return app


def _add_health(app: Flask, service: Service) -> None:
    @app.get("/healthz")
    def healthz() -> Response:
        return Response("ok\n", mimetype="text/plain")

    @app.get("/readyz")
    def readyz() -> Response:
        if not service.ready:
            return Response("not ready: starting or draining\n", 503, mimetype="text/plain")
        if service.watchdog.stuck:
            return Response("not ready: a guest does not stop\n", 503, mimetype="text/plain")
        return Response("ok\n", mimetype="text/plain")


def _add_metrics(app: Flask, registry: CollectorRegistry) -> None:
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        # Its registry only reads the workers' files: ours in it would count everything twice.
        GunicornInternalPrometheusMetrics(app, registry=CollectorRegistry(), group_by="endpoint")
    else:
        PrometheusMetrics(app, registry=registry, group_by="endpoint")


def _not_found() -> Response:
    return _response(HandlerNotFound("nothing is served at this path"))


def _as_problem(error: HTTPException) -> Response:
    return Response(f"{error.code} {error.name}\n", error.code, mimetype="text/plain")


def _response(error: HandlerNotFound) -> Response:
    answer = problem(error, None, None)
    headers = [*answer.headers, ("X-Nexus-Outcome", error.outcome.value)]
    return Response(answer.body, answer.status, headers)
