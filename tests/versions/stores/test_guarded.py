"""A store that does not answer holds few threads."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from nexus.errors import StoreUnavailable
from nexus.versions.sqlite import SqliteStore
from nexus.versions.stores import guarded
from nexus.versions.stores.guarded import AT_ONCE, Guarded
from tests.e2e.conftest import until


class Hung(SqliteStore):
    """A store whose reads wait until *answers* is set, and then fail if *is_away*."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.answers, self.is_away, self.asked = threading.Event(), True, 0

    def read(self, key: str) -> tuple[bytes, str] | None:
        self.asked += 1
        self.answers.wait(60)
        if self.is_away:
            raise StoreUnavailable("no answer")
        return super().read(key)


def test_two_calls_wait_the_others_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarded, "WAIT_S", 0.02)
    monkeypatch.setattr(guarded, "SLOW_S", 0.0)
    hung = Hung(tmp_path)
    store = Guarded(hung)
    said: list[str] = []

    def ask() -> None:
        with pytest.raises(StoreUnavailable) as caught:
            store.read("x")
        said.append(str(caught.value))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    until(lambda: len(said) == 6 - AT_ONCE)
    assert (hung.asked, set(said)) == (
        AT_ONCE,
        {"the store of versions has not answered 2 calls for 0.02 s"},
    )
    monkeypatch.setattr(guarded, "RETRY_S", 3600.0)
    hung.answers.set()
    for thread in threads:
        thread.join()
    with pytest.raises(StoreUnavailable, match=r"^no answer$"):  # at once, without asking again
        store.read("x")
    assert hung.asked == AT_ONCE
    store._again_at = 0.0
    hung.is_away = False
    assert store.read("x") is None
    assert store.read("x") is None
    with pytest.raises(ZeroDivisionError):
        store._ask(lambda: 1 / 0)
    assert store.read("x") is None
    hung.close()


def test_a_quick_failure_closes_nothing(tmp_path: Path) -> None:
    hung = Hung(tmp_path)
    hung.answers.set()
    store = Guarded(hung)
    for _ in range(3):
        with pytest.raises(StoreUnavailable):
            store.read("x")
    assert hung.asked == 3
