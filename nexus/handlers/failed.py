"""The routes of handlers that could not be loaded, so that requests learn why nothing answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from nexus.errors import HandlerError
from nexus.handlers.manifest import check_name, load_manifest
from nexus.handlers.routes import is_reserved
from nexus.handlers.sources import Source


def failed_routes(sources: Iterable[Source], serving: Mapping[str, object]) -> dict[str, str]:
    """Map the route of each handler in *sources* that is not *serving*, by file, to its name."""
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
    return routes


def failed_at(path: str, routes: Mapping[str, str]) -> str | None:
    """Return the name of the handler whose route in *routes* is the longest that *path* is at or
    below."""
    name = routes.get(path)
    while name is None and path:
        path = path.rpartition("/")[0]
        name = routes.get(path)
    return name or routes.get("/")
