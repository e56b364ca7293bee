from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis_server import SAME_PROGRAM, RedisServer, installed


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """redis-server, from Debian where it is not here yet."""
    found = shutil.which("redis-server")
    if found is not None:
        return Path(found)
    link = tmp_path_factory.mktemp("redis") / "redis-server"
    link.symlink_to(shutil.which(SAME_PROGRAM) or installed())
    return link


@pytest.fixture
def server(program: Path, tmp_path: Path) -> Iterator[RedisServer]:
    made = RedisServer(program, tmp_path)
    made.start()
    yield made
    made.stop()
