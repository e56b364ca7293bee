"""The web API of JavaScript handlers: each file in api/ is run in QuickJS with the prelude."""

from __future__ import annotations

import json

import pytest

from .quickjs import HERE, QuickJS

FILES = sorted(path.name for path in (HERE / "api").glob("*.js"))


@pytest.mark.parametrize("name", FILES)
def test_api(quickjs: QuickJS, name: str) -> None:
    report = json.loads(quickjs.run("/guest/run_api.js", name))
    assert report["failures"] == [], "\n".join(report["failures"])
    assert report["passed"] > 0, f"{name} has no test"
