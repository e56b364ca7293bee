"""The page at `/`: what runs on this server, with links and lines for curl; JSON for programs.

It names every handler, so it is served only if the setting `welcome` allows it: by default on a
server that listens on this machine alone.
"""

from __future__ import annotations

import shlex
from typing import Any

from flask import Blueprint, Flask, Response, jsonify, render_template, request

import nexus
from nexus.http.pages.look import protect_inline, style
from nexus.model import Handler
from nexus.service import Service

_PLACES = (
    ("console", "/_nexus/", "the console"),
    ("healthz", "/healthz", "whether the process lives"),
    ("readyz", "/readyz", "whether it takes requests"),
    ("prometheus_metrics", "/metrics", "figures for Prometheus"),
    ("api.getDocument", "/v1/openapi.json", "the runtime API, as OpenAPI"),
)
"""endpoint (or its blueprint), path and purpose of what the page links to, where it exists"""


def add_welcome(app: Flask, service: Service) -> None:
    """Add the page to *app*. A handler whose route is `/` wins over it."""
    pages = Blueprint("welcome", __name__, template_folder="templates")

    @pages.get("/", endpoint="page")
    def page() -> Response:
        found = _facts(app, service)
        best = request.accept_mimetypes.best_match(["application/json", "text/html"])
        if best != "text/html" or "text/html" not in request.headers.get("Accept", ""):
            answer = jsonify(found)
        else:
            answer = protect_inline(
                Response(render_template("welcome.html", style=style(), **found))
            )
        answer.headers["Vary"] = "Accept"
        return answer

    app.register_blueprint(pages)


def _facts(app: Flask, service: Service) -> dict[str, Any]:
    catalogue = service.handlers.catalogue
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    known = endpoints | {endpoint.partition(".")[0] for endpoint in endpoints}
    return {
        "nexus": nexus.__version__,
        "engine": service.engine.name,
        "loaded": service.handlers.loaded,
        "handlers": [_handler(handler) for handler in catalogue.handlers.values()],
        "problems": sorted(catalogue.problems),
        "links": [
            {"path": path, "purpose": purpose}
            for endpoint, path, purpose in _PLACES
            if endpoint in known
        ],
    }


def _handler(handler: Handler) -> dict[str, Any]:
    url = request.host_url.rstrip("/") + handler.route
    return {
        "name": handler.name,
        "route": handler.route,
        "methods": sorted(handler.methods),
        "curl": _curl(handler, url),
    }


def _curl(handler: Handler, url: str) -> str:
    if not handler.methods or "GET" in handler.methods:
        return f"curl -s {shlex.quote(url)}"
    method = "POST" if "POST" in handler.methods else min(handler.methods)
    return f"curl -s -X {shlex.quote(method)} --data '' {shlex.quote(url)}"
