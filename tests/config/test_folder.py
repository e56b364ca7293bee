"""A mounted folder: which files are settings, what is wrong with them, swaps while it is read."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from nexus.config.folder import MAX_BYTES, FolderSource
from nexus.plugin_api.config_source import PartlyWrong

from .mounted import Mounted


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "settings"
    made.mkdir()
    return made


def test_a_file_is_named_as_the_setting_or_as_its_variable(folder: Path) -> None:
    (folder / "timeout_ms").write_text("700\n")
    (folder / "NEXUS_MAX_QUEUE").write_text("  7")
    (folder / "NEXUS_PLUGINS").write_text('{"a": {"host": "h"}}')
    (folder / "NEXUS_PLUGINS__A__PORT").write_text("80")
    assert FolderSource(folder).read() == {
        "timeout_ms": "700",
        "max_queue": "7",
        "plugins": {"a": {"host": "h", "port": "80"}},
    }


def test_what_is_no_key_is_passed_over(folder: Path) -> None:
    (folder / ".hidden").write_text("x")
    (folder / "..data").mkdir()
    (folder / "timeout_ms").mkdir()
    os.symlink("..data/gone", folder / "max_queue")  # for a moment, when a key is taken away
    assert FolderSource(folder).read() == {}


def test_everything_wrong_is_said_at_once_and_what_is_right_is_kept(folder: Path) -> None:
    (folder / "debug").write_text("true")
    (folder / "NEXUS_DEBUG").write_text("true")
    (folder / "TIMEOUT_MS").write_text("1")
    (folder / "max_queue").write_bytes(b"1\xff")
    (folder / "password").write_text("do not show")
    (folder / "timeout_ms").write_bytes(b"1" * (MAX_BYTES + 1))
    with pytest.raises(PartlyWrong) as caught:
        FolderSource(folder).read()
    assert caught.value.values == {"debug": "true"}
    said = str(caught.value).splitlines()
    assert said[0] == "TIMEOUT_MS: no setting is called so; did you mean timeout_ms?"
    assert said[1] == "debug: another file of this folder gives the same setting"
    assert said[2] == "max_queue: not UTF-8: invalid start byte at byte 1"
    assert said[3].startswith("password: no setting is called so; ")
    assert said[4] == f"timeout_ms: larger than {MAX_BYTES} bytes"
    assert "do not show" not in str(caught.value)


def test_a_folder_that_is_not_there(folder: Path) -> None:
    with pytest.raises(ValueError, match=r"^cannot be read: No such file or directory$"):
        FolderSource(folder / "gone").read()
    (folder / "file").write_text("")
    with pytest.raises(ValueError, match=r"^cannot be read: Not a directory$"):
        FolderSource(folder / "file").read()


def test_a_read_never_sees_half_of_a_swap(folder: Path) -> None:
    mounted, source = Mounted(folder, timeout_ms="0", max_queue="0"), FolderSource(folder)
    over = threading.Event()

    def swap() -> None:
        number = 0
        while not over.is_set():
            number += 1
            mounted.swap(timeout_ms=str(number), max_queue=str(number))
            over.wait(0.002)  # a kubelet swaps once a minute; this leaves room for a read

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        seen = set()
        while len(seen) < 20:
            values = source.read()
            assert values["timeout_ms"] == values["max_queue"]
            seen.add(values["timeout_ms"])
    finally:
        over.set()
        thread.join()


@pytest.fixture
def told(folder: Path) -> Iterator[threading.Event]:
    """Set whenever the watch of *folder* tells of a change."""
    event = threading.Event()
    watch = FolderSource(folder).watch(event.set)
    yield event
    watch.close()


def test_each_change_is_told(folder: Path, told: threading.Event) -> None:
    mounted = Mounted(folder, timeout_ms="1")
    assert told.wait(10)
    assert FolderSource(folder).read() == {"timeout_ms": "1"}
    told.clear()
    mounted.swap(timeout_ms="2")  # of the same size, perhaps within the same tick of the clock
    assert told.wait(10)
    told.clear()
    (folder / "max_queue").write_text("3")
    assert told.wait(10)
    told.clear()
    before = (folder / "max_queue").stat()
    (folder / "max_queue").write_text("4")  # in place, and the times put back
    os.utime(folder / "max_queue", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert told.wait(10)
    told.clear()
    os.rename(folder, folder.with_name("elsewhere"))
    assert told.wait(10)
