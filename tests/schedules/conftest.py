"""A store, and a handler with schedules."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from nexus.model import Compiled, Handler, ModuleInfo
from nexus.stores.sqlite import SqliteStore

MINUTE = 60_000
_INFO = ModuleInfo((), (), 1, 1, True, (), None, False, 1, 100, 8)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    made = SqliteStore(tmp_path / "kv.sqlite")
    yield made
    made.close()


def handler(*schedule: str) -> Handler:
    return Handler("h", "/h", Compiled("key", b"", _INFO, "test"), schedule=schedule)
