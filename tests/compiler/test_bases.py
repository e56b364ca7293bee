"""Snapshots of one runtime lie over a common base: on disk and in memory."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nexus.compiler.artifact import Preparation
from nexus.compiler.base import Base
from nexus.compiler.cache import ArtifactCache
from nexus.model import Snapshot
from nexus.pool.image import MOST_RUNS, PAGE_BYTES, SnapshotImage

PAGES = 200
MEMORY = random.Random(3).randbytes(PAGES * PAGE_BYTES)
"""nothing that could be compressed"""


def changed(memory: bytes, *pages: int, longer: int = 0) -> bytes:
    found = bytearray(memory)
    for page in pages:
        found[page * PAGE_BYTES] ^= 1
    return bytes(found) + b"\1" * (longer * PAGE_BYTES)


def preparation(key: str, memory: bytes) -> Preparation:
    return Preparation(key, "runtime", Snapshot(memory, (5,)), (1, 2))


def never() -> Preparation:
    raise AssertionError("it is in the cache")


def cache_of(folder: Path) -> ArtifactCache:
    return ArtifactCache(folder, lambda _: None)


def put(cache: ArtifactCache, key: str, memory: bytes) -> Preparation:
    return cache.get_or_make(key, Preparation, lambda: preparation(key, memory))


def sizes(folder: Path) -> dict[str, int]:
    return {path.stem: path.stat().st_size for path in (folder / "artifacts").glob("*.nxa")}


def test_only_the_first_is_kept_whole(tmp_path: Path) -> None:
    cache = cache_of(tmp_path)
    second = changed(MEMORY, 3, 7, 150, longer=2)
    put(cache, "first", MEMORY)
    put(cache, "second", second)
    found = sizes(tmp_path)
    assert found["runtime.base"] > len(MEMORY)
    assert found["first"] < PAGE_BYTES
    assert found["second"] < PAGE_BYTES
    again = cache_of(tmp_path).get_or_make("second", Preparation, never)
    assert again.snapshot.memory == second
    assert (again.snapshot.globals, again.entry) == ((5,), (1, 2))


def test_they_share_the_bases_memory(tmp_path: Path) -> None:
    cache = cache_of(tmp_path)
    images = [
        put(cache, f"h{number}", changed(MEMORY, number)).snapshot.image for number in range(5)
    ]
    assert {image.over is images[0].over for image in images} == {True}  # type: ignore[union-attr]
    assert all(image.own_bytes <= 2 * PAGE_BYTES for image in images)  # type: ignore[union-attr]


@pytest.mark.parametrize("harm", ["remove", "damage", "replace"])
def test_without_its_base_a_handler_is_prepared_again(tmp_path: Path, harm: str) -> None:
    put(cache_of(tmp_path), "first", MEMORY)
    path = tmp_path / "artifacts/runtime.base.nxa"
    if harm == "damage":
        path.write_bytes(path.read_bytes()[:-1])
    else:
        path.unlink()
    if harm == "replace":
        put(cache_of(tmp_path), "other", changed(MEMORY, 1))
    made = put(cache_of(tmp_path), "first", MEMORY)
    assert made.snapshot.memory == MEMORY
    assert cache_of(tmp_path).get_or_make("first", Preparation, never).snapshot.memory == MEMORY


def test_the_base_is_evicted_after_what_lies_over_it(tmp_path: Path) -> None:
    cache = cache_of(tmp_path)
    put(cache, "first", MEMORY)
    base = tmp_path / "artifacts/runtime.base.nxa"
    os.utime(base, (0, 0))
    cache.get_or_make("first", Preparation, never)
    assert base.stat().st_mtime >= (tmp_path / "artifacts/first.nxa").stat().st_mtime


def test_without_memfd_they_are_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str, flags: int) -> int:
        raise OSError("not permitted")

    monkeypatch.setattr(os, "memfd_create", refuse)
    memory = changed(MEMORY, 4, longer=1)
    put(cache_of(tmp_path), "first", MEMORY)
    found = put(cache_of(tmp_path), "second", memory)
    assert (found.snapshot.memory, found.snapshot.image) == (memory, None)


@settings(max_examples=60)
@given(
    pages=st.sets(st.integers(0, PAGES - 1)),
    shorter=st.integers(0, 20),
    longer=st.integers(0, 3),
)
def test_an_image_over_another_is_the_same_memory(
    pages: set[int], shorter: int, longer: int
) -> None:
    base = SnapshotImage(MEMORY)
    memory = changed(MEMORY, *pages, longer=longer)
    memory = (
        memory[shorter * PAGE_BYTES :] if longer else memory[: len(memory) - shorter * PAGE_BYTES]
    )
    image = SnapshotImage(memory, over=base)
    assert image.view == memory
    assert len(image._runs) <= MOST_RUNS


@given(pages=st.sets(st.integers(0, PAGES - 1), max_size=20), longer=st.integers(0, 3))
def test_a_difference_leads_back(pages: set[int], longer: int) -> None:
    base = Base(MEMORY)
    memory = changed(MEMORY, *pages, longer=longer)
    numbers, difference = base.difference(memory)
    assert len(numbers) == len(pages) + longer
    assert base.snapshot(len(memory), numbers, difference, ()).memory == memory
