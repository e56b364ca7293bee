from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.scripts.support import ENGINES, Scripts


@pytest.fixture(scope="session", params=ENGINES)
def scripts(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scripts]:
    found = Scripts(request.param, tmp_path_factory.mktemp("engine"), evaluated=True)
    yield found
    found.close()
