"""Artifacts on disk: checked before they are trusted, made once, and never in the way."""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import BinaryIO

import pytest

from nexus.compiler import cache as cache_module
from nexus.compiler.artifact import pack, unpack
from nexus.compiler.cache import ArtifactCache
from nexus.model import Compiled, Export, FuncType, Import, ModuleInfo, MutableGlobal

INFO = ModuleInfo(
    imports=(Import("m", "f", "func", FuncType(("i32", "i64"), ("f64",))),),
    exports=(Export("_start", "func", FuncType()), Export("memory", "memory")),
    memory_min_pages=1,
    memory_max_pages=512,
    has_memory=True,
    mutable_globals=(MutableGlobal("nexus.global.0", "i32"),),
    reset_blocker="table.set",
    has_start=True,
    functions=3,
    frame_bytes=100,
    uncounted_frames=8,
)
MADE = Compiled("key", bytes(range(256)) * 5, INFO, "wasi")


def same(found: Compiled | None, made: Compiled = MADE) -> bool:
    assert found is not None
    return (found.key, found.artifact, found.info, found.abi) == (
        made.key,
        made.artifact,
        made.info,
        made.abi,
    )


class Counting:
    """Makes the artifact and counts how often."""

    def __init__(self) -> None:
        self.made = 0
        self.observed: list[str] = []

    def __call__(self) -> Compiled:
        self.made += 1
        return MADE


@pytest.fixture
def make() -> Counting:
    return Counting()


@pytest.fixture
def cache(tmp_path: Path, make: Counting) -> ArtifactCache:
    return ArtifactCache(tmp_path, make.observed.append)


def test_pack_and_unpack_are_each_others_inverse() -> None:
    assert same(unpack(pack(MADE), "key"))


@pytest.mark.parametrize("at", [0, 8, 40, 44, 300, -1])
def test_no_changed_byte_is_trusted(at: int) -> None:
    content = bytearray(pack(MADE))
    content[at] ^= 1
    assert unpack(bytes(content), "key") is None


def test_no_shortened_artifact_is_trusted() -> None:
    content = pack(MADE)
    for length in [*range(60), *range(60, len(content), 97), len(content) - 1]:
        assert unpack(content[:length], "key") is None
    assert unpack(content + b"x", "key") is None


def test_an_artifact_is_its_keys_only() -> None:
    assert unpack(pack(MADE), "other") is None


def test_made_once_then_found(cache: ArtifactCache, make: Counting, tmp_path: Path) -> None:
    assert same(cache.get_or_make("key", Compiled, make))
    assert same(cache.get_or_make("key", Compiled, make))
    assert (make.made, make.observed) == (1, ["miss", "hit"])
    assert (tmp_path / "artifacts").stat().st_mode & 0o077 == 0
    assert (tmp_path / "artifacts" / "key.nxa").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("damage", ["truncated", "changed", "empty", "other key"])
def test_a_damaged_artifact_is_made_anew(
    cache: ArtifactCache,
    make: Counting,
    tmp_path: Path,
    damage: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    cache.get_or_make("key", Compiled, make)
    file = tmp_path / "artifacts" / "key.nxa"
    content = file.read_bytes()
    file.write_bytes(
        {
            "truncated": content[:-7],
            "changed": content[:-1] + b"\0",
            "empty": b"",
            "other key": pack(Compiled("other", b"", INFO, "wasi")),
        }[damage]
    )
    assert same(cache.get_or_make("key", Compiled, make))
    assert make.made == 2
    assert "key.nxa is damaged or of another version; compiling again" in caplog.text
    assert same(unpack(file.read_bytes(), "key"))


def test_what_make_raises_comes_out_and_is_not_kept(cache: ArtifactCache, make: Counting) -> None:
    def fails() -> Compiled:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        cache.get_or_make("key", Compiled, fails)
    assert same(cache.get_or_make("key", Compiled, make))


def test_an_oserror_of_make_is_not_taken_for_the_folders(
    cache: ArtifactCache, caplog: pytest.LogCaptureFixture
) -> None:
    tried: list[int] = []

    def fails() -> Compiled:
        tried.append(1)
        raise BlockingIOError("no more processes")

    with pytest.raises(BlockingIOError):
        cache.get_or_make("key", Compiled, fails)
    assert len(tried) == 1
    assert "cannot be used" not in caplog.text


def test_without_a_folder_it_is_made_all_the_same(
    tmp_path: Path, make: Counting, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    cache = ArtifactCache(tmp_path / "file", make.observed.append)
    assert same(cache.get_or_make("key", Compiled, make))
    assert same(cache.get_or_make("key", Compiled, make))
    assert (make.made, make.observed) == (2, ["miss", "miss"])
    assert "cannot be used" in caplog.text


def test_where_nothing_can_be_written_it_is_made_all_the_same(
    cache: ArtifactCache, make: Counting, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A folder stands where the file should go: also root cannot write it."""
    (tmp_path / "artifacts" / "key.nxa").mkdir(parents=True)
    assert same(cache.get_or_make("key", Compiled, make))
    assert make.made == 1
    assert "the artifact was not kept" in caplog.text
    left = {item.name for item in (tmp_path / "artifacts").iterdir()}
    assert left == {"key.nxa"}


def test_threads_make_it_once(tmp_path: Path) -> None:
    together = threading.Barrier(8)
    make = Counting()
    caches = [ArtifactCache(tmp_path, make.observed.append) for _ in range(8)]

    def get(cache: ArtifactCache) -> bool:
        together.wait(20)
        return same(cache.get_or_make("key", Compiled, make))

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(get, caches))
    assert (make.made, sorted(make.observed)) == (1, ["hit"] * 7 + ["miss"])
    # Each key has a lock file while it is made: they must not add up.
    assert [item.name for item in (tmp_path / "artifacts").iterdir()] == ["key.nxa"]


def test_who_waited_for_a_lock_that_was_deleted_takes_the_file_that_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting, inside, ended = threading.Event(), threading.Event(), threading.Event()

    def flock(file: BinaryIO, how: int) -> None:
        waiting.set()
        fcntl.flock(file, how)

    def hold() -> None:
        with ArtifactCache(tmp_path, lambda _: None).exclusive("x"):
            inside.set()
            ended.wait(20)

    other = threading.Thread(target=hold)
    with ArtifactCache(tmp_path, lambda _: None).exclusive("x"):
        monkeypatch.setattr(cache_module, "fcntl", SimpleNamespace(flock=flock, LOCK_EX=2))
        other.start()
        assert waiting.wait(20)
    assert inside.wait(20)
    with open(tmp_path / "artifacts" / "x.lock", "rb") as file, pytest.raises(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    ended.set()
    other.join()


def _make_in_a_process(folder: Path, together: object) -> None:
    def make() -> Compiled:
        with open(folder / "made", "ab") as file:
            file.write(b"x")
        return MADE

    cache = ArtifactCache(folder, lambda _: None)
    together.wait(20)  # type: ignore[attr-defined]
    os._exit(0 if same(cache.get_or_make("key", Compiled, make)) else 1)


def test_processes_make_it_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    together = context.Barrier(2)
    children = [
        context.Process(target=_make_in_a_process, args=(tmp_path, together)) for _ in range(2)
    ]
    for child in children:
        child.start()
    for child in children:
        child.join(30)
    assert [child.exitcode for child in children] == [0, 0]
    assert (tmp_path / "made").read_bytes() == b"x"


def test_who_dies_while_making_it_keeps_nobody_waiting(tmp_path: Path, make: Counting) -> None:
    context = multiprocessing.get_context("spawn")
    child = context.Process(target=_die_while_making, args=(tmp_path,))
    child.start()
    child.join(30)
    assert child.exitcode == 9
    assert same(ArtifactCache(tmp_path, make.observed.append).get_or_make("key", Compiled, make))


def _die_while_making(folder: Path) -> None:
    ArtifactCache(folder, lambda _: None).get_or_make("key", Compiled, lambda: os._exit(9))  # type: ignore[arg-type, return-value]
