"""The built-in store, in a file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from nexus.plugin_api.stores import StoreUnavailable, Terms
from nexus.stores.sqlite import SqliteStore
from tests.support import small_disk

from .contract import CHECKS, TERMS, Check, Place


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    path = tmp_path / "state" / "kv.sqlite"
    imports = "from pathlib import Path; from nexus.stores.sqlite import SqliteStore"
    made = Place(lambda: SqliteStore(path), f"{imports}; SqliteStore(Path({str(path)!r}))")
    yield made
    made.close()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_contract(place: Place, check: Check) -> None:
    check(place)


def test_nothing_is_made_before_the_first_call(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "state" / "kv.sqlite")
    assert not (tmp_path / "state").exists()
    store.put("n", "k", b"v", TERMS)
    store.close()
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700


def test_a_full_disk_is_named_and_ends_nothing(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "2m") as folder:
        store = SqliteStore(folder / "kv.sqlite")
        try:
            store.put("n", "kept", b"v", TERMS)
            (folder / "filler").write_bytes(b"x" * (1 << 20))
            with pytest.raises(StoreUnavailable, match="disk"):
                put_much(store, 10)
            assert store.get("n", "kept", 5.0) == b"v"
            (folder / "filler").unlink()
            put_much(store, 1)
        finally:
            store.close()


def put_much(store: SqliteStore, times: int) -> None:
    for number in range(times):
        store.put("n", f"{number}", b"x" * 200_000, Terms(5.0, 1 << 30))


def test_a_locked_file_is_given_up_in_time(place: Place, tmp_path: Path) -> None:
    store = place.store()
    store.put("n", "k", b"v", TERMS)
    other = sqlite3.connect(tmp_path / "state" / "kv.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="locked"):
        store.put("n", "k", b"w", Terms(0.05, 1 << 20))
    assert store.get("n", "k", 0.05) == b"v"  # reads wait for nobody
    other.close()
    store.put("n", "k", b"w", TERMS)


@pytest.mark.parametrize("content", [b"no database" * 100, None])
def test_a_file_that_is_no_database_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "kv.sqlite"
    path.mkdir() if content is None else path.write_bytes(content)
    with pytest.raises(StoreUnavailable, match=r"kv\.sqlite cannot be used"):
        SqliteStore(path).get("n", "k", 1.0)
