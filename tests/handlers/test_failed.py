"""Which handler a path would have reached, had the handler been loaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from nexus.handlers.failed import failed_at, failed_routes
from nexus.handlers.sources import find_sources
from tests.support import ABIS


@pytest.fixture
def routes(tmp_path: Path) -> dict[str, str]:
    for name in ("good.js", "bad.js", "moved.js", "broken.js", "ours.js", "no name.js"):
        (tmp_path / name).write_text("")
    (tmp_path / "moved.toml").write_text('route = "/shop/cart"')
    (tmp_path / "broken.toml").write_text("route = 5")
    (tmp_path / "ours.toml").write_text('route = "/metrics"')
    return failed_routes(find_sources(tmp_path, ABIS), {"good.js": object()})


def test_routes_come_from_the_manifest_or_the_name(routes: dict[str, str]) -> None:
    assert routes == {"/bad": "bad", "/shop/cart": "moved", "/broken": "broken"}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/bad", "bad"),
        ("/bad/below", "bad"),
        ("/bader", None),
        ("/shop", None),
        ("/shop/cart/1", "moved"),
        ("/good", None),
        ("/", None),
    ],
)
def test_paths(routes: dict[str, str], path: str, name: str | None) -> None:
    assert failed_at(path, routes) == name


def test_a_route_of_everything() -> None:
    assert failed_at("/any/where", {"/": "all"}) == "all"
