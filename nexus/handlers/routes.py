"""Finds what a path leads to: the longest route that the path is at or below."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeVar

T = TypeVar("T")

BODILESS_PATHS = ("/healthz", "/readyz", "/metrics")
"""Paths of probes and scrapes: whatever the method, the body is not read"""
RESERVED_ROUTES = (*BODILESS_PATHS, "/v1", "/_nexus")
"""Routes that Nexus answers itself"""


def is_reserved(path: str) -> bool:
    """Return whether *path* is at or below a route of our own."""
    return any(path == ours or path.startswith(f"{ours}/") for ours in RESERVED_ROUTES)


class Routes(Generic[T]):
    """Routes, and what each leads to. Immutable; made anew when the handlers change."""

    def __init__(self, by_route: Mapping[str, T]) -> None:
        self._by_route = by_route

    def find(self, path: str) -> T | None:
        """Return what *path* leads to; a route ends where the path has a `/`, or ends."""
        routes = self._by_route
        found, left = routes.get(path), path
        while found is None and left:
            left = left.rpartition("/")[0]
            found = routes.get(left)
        # A handler at "/" must not shut out probes, or the API by which another version comes.
        return found or (None if is_reserved(path) else routes.get("/"))
