from __future__ import annotations

from collections.abc import Iterator

import pytest

from .quickjs import QuickJS


@pytest.fixture(scope="session")
def quickjs(request: pytest.FixtureRequest) -> Iterator[QuickJS]:
    engine = QuickJS(request.config.cache.mkdir("quickjs"))
    yield engine
    engine.close()
