"""A file's state is what is in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nexus.model import file_state as module
from nexus.model.file_state import file_state


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "file"
    made.write_bytes(b"one")
    return made


def rewrite(path: Path, content: bytes) -> None:
    """Write in place, and have the same size and times as before."""
    before = path.stat()
    with path.open("r+b") as file:
        file.write(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = path.stat()
    assert (after.st_size, after.st_mtime_ns, after.st_ino) == (
        before.st_size,
        before.st_mtime_ns,
        before.st_ino,
    )


@pytest.mark.parametrize("coarse_s", [0.0, 2.0])
def test_a_file_rewritten_in_place_has_another_state(
    path: Path, monkeypatch: pytest.MonkeyPatch, coarse_s: float
) -> None:
    monkeypatch.setattr(module, "COARSE_S", coarse_s)
    first = file_state(path)
    assert file_state(path) == first
    rewrite(path, b"two")
    second = file_state(path)
    assert second != first
    rewrite(path, b"one")
    assert file_state(path) == first


def test_writes_within_one_tick_of_the_clock_are_told_apart(path: Path) -> None:
    states = set()
    for number in range(200):  # far more than there are ticks meanwhile
        rewrite(path, b"%03d" % number)
        states.add(file_state(path))
    assert len(states) == 200


def test_a_touch_is_a_change_and_a_change_of_rights_is_none(path: Path) -> None:
    first = file_state(path)
    path.chmod(0o600)
    assert file_state(path) == first
    os.utime(path, (1, 1))
    assert file_state(path) != first


def test_a_file_that_is_old_is_read_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "COARSE_S", 0.0)
    first = file_state(path)
    monkeypatch.setattr(Path, "open", lambda *_: pytest.fail("it was read again"))
    assert file_state(path) == first


def test_what_cannot_be_read_has_a_state_or_none(tmp_path: Path) -> None:
    assert file_state(tmp_path / "nowhere") is None
    assert file_state(tmp_path) is not None  # a folder: opened for reading by whoever wants it
    (tmp_path / "file").write_bytes(b"")
    assert file_state(tmp_path / "file") != file_state(tmp_path)
