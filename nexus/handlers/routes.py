"""Finds a path's handler: the one with the longest route that the path is at or below."""

from __future__ import annotations

from collections.abc import Iterable

from nexus.model import Handler

RESERVED_ROUTES = ("/healthz", "/readyz", "/metrics", "/v1", "/_nexus")
"""Routes that Nexus answers itself"""


def is_reserved(path: str) -> bool:
    """Return whether *path* is at or below a route of our own."""
    return any(path == ours or path.startswith(f"{ours}/") for ours in RESERVED_ROUTES)


class Routes:
    """The routes of all handlers. Immutable; made anew when the handlers change."""

    def __init__(self, handlers: Iterable[Handler]) -> None:
        self._by_route = {handler.route: handler for handler in handlers}

    def find(self, path: str) -> Handler | None:
        """Return the handler for *path*, whose own path ends at a `/`."""
        routes = self._by_route
        found = routes.get(path)
        while found is None and path:
            path = path.rpartition("/")[0]
            found = routes.get(path)
        return found or routes.get("/")
