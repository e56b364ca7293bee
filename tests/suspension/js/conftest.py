from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from nexus.model import Handler
from tests.scripts.conftest import scripts
from tests.scripts.support import Scripts
from tests.support import ABIS
from tests.suspension.support import GRANTS, Make, Worker

__all__ = ["scripts"]


@pytest.fixture
def make(scripts: Scripts) -> Make:
    def handler(body: str, **fields: Any) -> Handler:
        source = f"export default async ({{ args }}) => {{ {body} }}"
        return scripts.handler(source, **{"capabilities": GRANTS, **fields})

    return handler


@pytest.fixture
def worker(scripts: Scripts) -> Iterator[Worker]:
    with closing(Worker(scripts.engine, make_guest=ABIS.guest_for)) as made:
        yield made
