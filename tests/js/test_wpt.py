"""The web platform tests of what the prelude has, run in QuickJS with the prelude."""

from __future__ import annotations

import json
import re
import shutil

import pytest

from .quickjs import QuickJS
from .wpt_expectations import TESTS, Expected
from .wpt_suite import SuiteUnavailable, install


@pytest.fixture(scope="module")
def wpt(quickjs: QuickJS, request: pytest.FixtureRequest) -> QuickJS:
    try:
        suite = install(request.config.cache.mkdir("web-platform-tests"))
    except SuiteUnavailable as reason:
        pytest.skip(str(reason))
    target = quickjs.root / "wpt"
    if not target.exists():
        shutil.copytree(suite, target)
    return quickjs


@pytest.mark.parametrize("path", TESTS)
def test_wpt(wpt: QuickJS, path: str) -> None:
    report = json.loads(wpt.run("/guest/run_wpt.js", path))
    assert report["status"] == 0, f"the harness ended with {report['message']}"
    assert report["results"], f"{path} ran no subtest"
    failed = {name: message for name, passed, message in report["results"] if not passed}
    assert _unexpected(failed, TESTS[path]) == {}
    assert _needless(failed, TESTS[path]) == []


def _unexpected(failed: dict[str, str], expected: Expected) -> dict[str, str]:
    return {
        name: message
        for name, message in failed.items()
        if not any(re.search(pattern, name) for pattern, _ in expected)
    }


def _needless(failed: dict[str, str], expected: Expected) -> list[str]:
    return [
        pattern for pattern, _ in expected if not any(re.search(pattern, name) for name in failed)
    ]
