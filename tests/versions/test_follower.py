"""What workers learn from looking at a store again and again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nexus.errors import StoreUnavailable
from nexus.versions.deployed import Deployed
from nexus.versions.follower import Follower
from nexus.versions.ledger import Change, Ledger, Quotas
from nexus.versions.sqlite import SqliteStore
from nexus.versions.unpack import Unpacked
from nexus.versions.upload import lay_out
from tests.support import ABIS


class Flaky(SqliteStore):
    """A store that cannot read the records whose keys are in *away*."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.away: set[str] = set()

    def read(self, key: str) -> tuple[bytes, str] | None:
        if key in self.away:
            raise StoreUnavailable("away")
        return super().read(key)


def test_what_was_read_before_the_store_failed_is_reported_later(tmp_path: Path) -> None:
    store = Flaky(tmp_path)
    books = Ledger(store, lambda: Quotas(10, 1 << 20))
    reported: list[list[str]] = []

    def changed(deployed: Sequence[Deployed]) -> None:
        reported.append([f"{entry.name} {entry.main.version}" for entry in deployed])

    follower = Follower(store, books, Unpacked(tmp_path / "files"), ABIS, changed)
    for name in ("a", "b"):
        books.deploy(lay_out(name, {"x.js": b"1"}, b"", ABIS), Change("ann"))
    store.away = {"handlers/b"}
    follower.look()
    assert (follower.problem, reported) == ("away", [])
    store.away = set()
    follower.look()
    assert (follower.problem, reported) == (None, [["a v1", "b v1"]])
    follower.look()
    assert len(reported) == 1
    store.close()
