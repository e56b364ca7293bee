from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from nexus.model import Handler
from nexus.plugin_api.engine import Engine
from tests import support
from tests.suspension.support import Worker, asking


@pytest.fixture(params=support.QUICK_ENGINES, ids=support.engine_ids)
def engine(request: pytest.FixtureRequest) -> Engine:
    return support.engine(*request.param)


@pytest.fixture
def make(engine: Engine) -> Iterator[Callable[..., Worker]]:
    made: list[Worker] = []

    def start(**options: Any) -> Worker:
        made.append(Worker(engine, **options))
        return made[-1]

    yield start
    for worker in made:
        worker.close()


@pytest.fixture
def worker(make: Callable[..., Worker]) -> Worker:
    return make()


@pytest.fixture
def served(engine: Engine) -> Handler:
    return asking(engine)
