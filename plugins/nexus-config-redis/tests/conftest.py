from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis_server import RedisServer, program_in


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """redis-server, from Debian where it is not here yet."""
    return program_in(tmp_path_factory.mktemp("redis"))


@pytest.fixture
def server(program: Path, tmp_path: Path) -> Iterator[RedisServer]:
    made = RedisServer(program, tmp_path)
    made.start()
    yield made
    made.stop()
