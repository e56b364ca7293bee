"""Changes of records: one write each, and what happens if another comes in between."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from nexus.errors import PreconditionFailed, StoreUnavailable
from nexus.versions.ledger import Change, Ledger, Quotas
from nexus.versions.sqlite import SqliteStore
from nexus.versions.upload import Upload, lay_out
from tests.support import ABIS

BY = Change("ann")


def upload(text: str, name: str = "h") -> Upload:
    return lay_out(name, {"x.js": text.encode()}, b"", ABIS)


class Racing(SqliteStore):
    """A store in which another writer comes in before each write that *before* has a call for."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.before: list[Ledger] = []

    def write(self, key: str, record: bytes, expected: str | None) -> str | None:
        if self.before:
            self.before.pop().deploy(upload("of another"), Change("bob"))
        return super().write(key, record, expected)


def ledger(store: SqliteStore) -> Ledger:
    return Ledger(store, lambda: Quotas(10, 1 << 20))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with closing(SqliteStore(tmp_path / "state")) as made:
        yield made


@pytest.fixture
def racing(store: SqliteStore, tmp_path: Path) -> Iterator[Racing]:
    """The same store, in which *store*'s writer comes in between once."""
    with closing(Racing(tmp_path / "state")) as made:
        yield made


def test_a_writer_in_between_is_not_overwritten(store: SqliteStore, racing: Racing) -> None:
    racing.before.append(ledger(store))
    version, _, is_new = ledger(racing).deploy(upload("mine"), BY)
    assert (version.id, is_new) == ("v2", True)
    record, _ = ledger(store).read("h")
    assert [(v.id, v.created_by) for v in record.versions] == [("v1", "bob"), ("v2", "ann")]
    assert record.weights == {"v2": 100}


def test_if_match_holds_to_the_end(store: SqliteStore, racing: Racing) -> None:
    _, tag, _ = ledger(store).deploy(upload("first"), BY)
    racing.before.append(ledger(store))
    with pytest.raises(PreconditionFailed):
        ledger(racing).deploy(upload("mine"), Change("ann", (tag,)))
    record, _ = ledger(store).read("h")
    assert [event.by for event in record.history] == ["ann", "bob"]


def test_a_damaged_record_is_reported(store: SqliteStore) -> None:
    store.write("handlers/h", b"{", None)
    with pytest.raises(StoreUnavailable, match="the record of h in the store is damaged"):
        ledger(store).read("h")


def test_files_that_no_version_has_are_swept_once_they_are_old(store: SqliteStore) -> None:
    books = ledger(store)
    version, _, _ = books.deploy(upload("first"), BY)
    books.deploy(upload("second"), BY)
    books.delete("h", version.id, BY)
    digest = version.files["h.js"].sha256
    assert store.get_blob(digest) == b"first"
    kept = books.read("h")[0].versions[0].files["h.js"].sha256
    assert store.sweep({kept}, -1.0) == 1
    assert (store.get_blob(digest), store.get_blob(kept)) == (None, b"second")


def test_reading_leaves_no_trace(store: SqliteStore, tmp_path: Path) -> None:
    assert (store.tags(), store.read("x"), store.get_blob("x")) == ({}, None, None)
    assert not (tmp_path / "state").exists()
