"""Which handler a path would have reached, had the handler been loaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from nexus.handlers.failed import failed_routes
from nexus.handlers.routes import Routes
from nexus.handlers.sources import find_sources
from tests.support import ABIS


@pytest.fixture
def routes(tmp_path: Path) -> Routes[str]:
    for name in ("good.js", "bad.js", "moved.js", "broken.js", "ours.js", "no name.js"):
        (tmp_path / name).write_text("")
    (tmp_path / "moved.toml").write_text('route = "/shop/cart"')
    (tmp_path / "broken.toml").write_text("route = 5")
    (tmp_path / "ours.toml").write_text('route = "/metrics"')
    return failed_routes(find_sources(tmp_path, ABIS), {"good.js": object()})


def test_a_manifest_that_is_wrong_leaves_the_name_and_no_route_is_ours(
    routes: Routes[str],
) -> None:
    assert [routes.find(path) for path in ("/broken", "/metrics", "/no name")] == [
        *("broken", None, None)
    ]


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
def test_paths(routes: Routes[str], path: str, name: str | None) -> None:
    assert routes.find(path) == name
