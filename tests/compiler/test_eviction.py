"""The artifact cache keeps within its bytes, on real disks that are full, read-only or others'."""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from nexus.compiler.artifact import pack
from nexus.compiler.cache import ArtifactCache
from nexus.model import Compiled
from tests.compiler.test_cache import INFO
from tests.support import small_disk

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")


CONTENT = random.Random(0).randbytes(10_000)
"""nothing that could be compressed"""
SIZE = len(pack(Compiled("a", CONTENT, INFO, "wasi"), compressed=True))


def made(key: str) -> Compiled:
    return Compiled(key, CONTENT, INFO, "wasi")


def kept(folder: Path) -> set[str]:
    return {path.stem for path in (folder / "artifacts").glob("*.nxa")}


def age(folder: Path, key: str, seconds: int) -> None:
    path = folder / "artifacts" / f"{key}.nxa"
    then = path.stat().st_mtime - seconds
    os.utime(path, (then, then))


def test_those_used_longest_ago_make_way(tmp_path: Path) -> None:
    observed: list[str] = []
    cache = ArtifactCache(tmp_path, observed.append, max_bytes=3 * SIZE)
    for number, key in enumerate("abc"):
        cache.get_or_make(key, Compiled, lambda key=key: made(key))  # type: ignore[misc]
        age(tmp_path, key, 100 - number)
    cache.get_or_make("a", Compiled, lambda: made("a"))  # used: no longer the oldest
    cache.get_or_make("d", Compiled, lambda: made("d"))
    assert kept(tmp_path) == {"a", "c", "d"}
    assert observed == ["miss", "miss", "miss", "hit", "miss", "eviction"]


def test_one_larger_than_all_is_kept_alone(tmp_path: Path) -> None:
    cache = ArtifactCache(tmp_path, lambda _: None, max_bytes=SIZE // 2)
    for key in "ab":
        cache.get_or_make(key, Compiled, lambda key=key: made(key))  # type: ignore[misc]
    assert kept(tmp_path) == {"b"}


def test_what_a_dead_process_left_is_swept(tmp_path: Path) -> None:
    cache = ArtifactCache(tmp_path, lambda _: None)
    cache.get_or_make("a", Compiled, lambda: made("a"))
    old, new = (tmp_path / "artifacts" / name for name in ("new-old", "new-new"))
    old.write_bytes(b"half of an art")
    os.utime(old, (0, 0))
    new.write_bytes(b"being written")
    cache.get_or_make("b", Compiled, lambda: made("b"))
    assert (old.exists(), new.exists()) == (False, True)


def test_the_folder_is_made_private(tmp_path: Path) -> None:
    (tmp_path / "artifacts").mkdir(mode=0o777)
    (tmp_path / "artifacts").chmod(0o777)
    ArtifactCache(tmp_path, lambda _: None).get_or_make("a", Compiled, lambda: made("a"))
    assert (tmp_path / "artifacts").stat().st_mode & 0o777 == 0o700


@needs_root
def test_artifacts_of_another_user_are_not_loaded(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    observed: list[str] = []
    cache = ArtifactCache(tmp_path, observed.append)
    cache.get_or_make("a", Compiled, lambda: made("a"))
    os.chown(tmp_path / "artifacts" / "a.nxa", 12345, -1)
    cache.get_or_make("a", Compiled, lambda: made("a"))
    assert observed == ["miss", "miss"]
    assert "belongs to user 12345" in caplog.text


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 64 KiB."""
    with small_disk(tmp_path / "disk", "64k") as folder:
        yield folder


def test_on_a_full_disk_it_is_made_and_said(disk: Path, caplog: pytest.LogCaptureFixture) -> None:
    observed: list[str] = []
    cache = ArtifactCache(disk, observed.append)
    large = Compiled("large", random.Random(1).randbytes(200_000), INFO, "wasi")
    for _ in range(2):
        assert cache.get_or_make("large", Compiled, lambda: large).artifact == large.artifact
    assert observed == ["miss", "miss"]
    assert "the artifact was not kept, so the next start compiles again: [Errno 28]" in caplog.text
    assert list((disk / "artifacts").iterdir()) == []
    cache.get_or_make("a", Compiled, lambda: made("a"))  # what fits is kept
    assert kept(disk) == {"a"}


def test_on_a_read_only_disk_what_is_there_is_found(
    disk: Path, caplog: pytest.LogCaptureFixture
) -> None:
    observed: list[str] = []
    cache = ArtifactCache(disk, observed.append)
    cache.get_or_make("a", Compiled, lambda: made("a"))
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    cache.get_or_make("a", Compiled, lambda: made("a"))
    cache.get_or_make("b", Compiled, lambda: made("b"))
    assert observed == ["miss", "hit", "miss"]
    assert "Read-only file system" in caplog.text
