from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.set_up import ENGINES

from .support import Pythons


@pytest.fixture(scope="session", params=ENGINES)
def python(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pythons]:
    made = Pythons(request.param, tmp_path_factory.mktemp("engine"))
    yield made
    made.close()
