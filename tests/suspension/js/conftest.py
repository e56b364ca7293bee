from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from nexus.model import Handler
from tests.scripts.support import ENGINES, Scripts
from tests.support import ABIS
from tests.suspension.support import Worker

from .support import GRANTS, Make


@pytest.fixture(scope="module", params=ENGINES)
def scripts(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scripts]:
    made = Scripts(request.param, tmp_path_factory.mktemp("cache"))
    yield made
    made.close()


@pytest.fixture
def make(scripts: Scripts) -> Make:
    def handler(body: str, **fields: Any) -> Handler:
        source = f"export default async ({{ args }}) => {{ {body} }}"
        return scripts.handler(source, **{"capabilities": GRANTS, **fields})

    return handler


@pytest.fixture
def worker(scripts: Scripts) -> Iterator[Worker]:
    made = Worker(scripts.engine, make_guest=ABIS.guest_for)
    yield made
    made.close()
