"""Compiled code from a store that others may write to: nothing unsigned is ever used."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import pytest

from nexus.compiler import shared
from nexus.compiler.artifact import pack
from nexus.compiler.cache import ArtifactCache
from nexus.compiler.shared import SharedArtifacts, read_key
from nexus.errors import ConfigError, StoreUnavailable
from nexus.model import Compiled
from tests.compiler.test_cache import MADE, Counting

KEY = b"k" * 32


class Memory:
    """A store in memory, which may be away."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.is_away = False

    def _use(self) -> dict[str, bytes]:
        if self.is_away:
            raise StoreUnavailable("away")
        return self.kept

    def put_artifact(self, key: str, content: bytes) -> None:
        self._use().pop(key, None)
        self.kept[key] = content

    def get_artifact(self, key: str) -> bytes | None:
        return self._use().get(key)

    def artifacts(self) -> Mapping[str, int]:
        return {key: len(content) for key, content in self._use().items()}

    def delete_artifacts(self, keys: Collection[str]) -> None:
        for key in keys:
            del self._use()[key]

    def close(self) -> None:
        pass


@pytest.fixture
def store() -> Memory:
    return Memory()


@pytest.fixture
def observed() -> list[str]:
    return []


def sharing(store: Memory, observed: list[str], key: bytes = KEY) -> SharedArtifacts:
    return SharedArtifacts(store, key, observed.append, lambda: 1 << 20)


def test_what_is_not_signed_by_the_key_is_refused(
    store: Memory, observed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = sharing(store, observed)
    ours.offer(MADE).join()
    signed = store.kept["key"]
    assert ours.take("key") is not None
    # Nothing may look into what does not hold, not even to say what it is.
    monkeypatch.setattr(shared, "unpack", None)
    wrong = [signed[:at] + bytes([signed[at] ^ 1]) + signed[at + 1 :] for at in (0, 8, 39, 40, -1)]
    wrong += [b"", signed[:40], signed[:-1], signed + b"\0", pack(MADE)]
    for content in wrong:
        store.kept["key"] = content
        assert ours.take("key") is None
    store.kept["other"] = signed
    assert ours.take("other") is None
    store.kept["key"] = signed
    assert sharing(store, observed, b"x" * 32).take("key") is None
    assert observed == ["put", "taken"] + ["refused"] * (len(wrong) + 2)


def test_a_refused_artifact_is_made_here_and_replaced(
    store: Memory, observed: list[str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cache, make = ArtifactCache(tmp_path, lambda _: None), Counting()
    cache.shared = sharing(store, observed)
    store.kept["key"] = pack(MADE)
    threads: list[object] = []
    offer = cache.shared.offer
    cache.shared.offer = lambda made: threads.append(offer(made))  # type: ignore[method-assign, assignment, return-value, func-returns-value]
    assert cache.get_or_make("key", Compiled, make).artifact == MADE.artifact
    for thread in threads:
        thread.join()  # type: ignore[attr-defined]
    assert (make.made, observed) == (1, ["refused", "put"])
    assert "has no valid signature by the key in artifact_key_file" in caplog.text
    assert cache.shared.take("key") is not None


def test_a_store_that_is_away_leaves_the_compiling_to_this_machine(
    store: Memory, observed: list[str], tmp_path: Path
) -> None:
    store.is_away = True
    ours = sharing(store, observed)
    assert ours.take("key") is None
    ours.offer(MADE).join()
    assert observed == ["failed", "failed"]
    store.is_away = False
    assert ours.take("key") is None  # not asked again soon: each handler of a start would wait
    assert observed == ["failed", "failed"]
    ours._again_at = 0.0
    assert ours.take("key") is None
    assert observed == ["failed", "failed", "missing"]


def test_the_oldest_artifacts_make_room(store: Memory, observed: list[str]) -> None:
    store.kept = {"old": bytes(1 << 19), "older than new": bytes(1 << 19)}
    sharing(store, observed).offer(MADE).join()
    assert list(store.kept) == ["older than new", "key"]


def test_what_a_key_may_be(tmp_path: Path) -> None:
    path = tmp_path / "artifact.key"
    assert read_key("") is None
    with pytest.raises(ConfigError, match=f"artifact_key_file: cannot read {path}: No such file"):
        read_key(str(path))
    path.write_bytes(b"short\n")
    with pytest.raises(ConfigError, match=f"found 5 bytes in {path}, allowed: at least 32"):
        read_key(str(path))
    path.write_bytes(KEY + b"\n")
    assert read_key(str(path)) == KEY
