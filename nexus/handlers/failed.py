"""The routes of handlers that could not be loaded, so that requests learn why nothing answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from nexus.errors import HandlerError
from nexus.handlers.manifest import load_manifest
from nexus.handlers.names import check_name
from nexus.handlers.routes import Routes, is_reserved
from nexus.handlers.sources import Source


def failed_routes(sources: Iterable[Source], serving: Mapping[str, object]) -> Routes[str]:
    """Return the names of the handlers in *sources* whose files are not among *serving*."""
    routes = {}
    for source in sources:
        if source.file in serving:
            continue
        try:
            name = check_name(source.name)
        except HandlerError:
            continue  # no route leads to it
        try:
            route = load_manifest(source.manifest, name).route
        except HandlerError:
            route = f"/{name}"
        if not is_reserved(route):
            routes[route] = name
    return Routes(routes)
