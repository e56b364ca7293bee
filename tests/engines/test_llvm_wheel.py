"""The repair of wasmer's LLVM wheel."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from nexus.engines import llvm_wheel
from nexus.errors import EngineUnavailable

needs_wheel = pytest.mark.skipif(
    sys.version_info >= (3, 11), reason="the wheel exists for CPython 3.7 to 3.10 only"
)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"#!/bin/sh\n",
        b"\x7fELF",
        b"\x7fELF\x01\x01" + b"\0" * 60,
        b"\x7fELF\x02\x01" + b"\xff" * 90,
    ],
    ids=["empty", "script", "magic alone", "32 bits", "wild offsets"],
)
def test_what_is_no_such_elf_is_refused(content: bytes) -> None:
    with pytest.raises(EngineUnavailable, match="unexpected ELF layout"):
        llvm_wheel.repair(content)


def test_an_elf_without_version_needs_stays_as_it_is() -> None:
    header = bytearray(64)
    header[:6] = b"\x7fELF\x02\x01"
    assert llvm_wheel.repair(bytes(header)) == bytes(header)


@needs_wheel
def test_the_repair_changes_four_bytes_and_then_nothing() -> None:
    shipped = llvm_wheel._installed().read_bytes()
    fixed = llvm_wheel.repair(shipped)
    assert len(fixed) == len(shipped)
    blocks = [at for at in range(0, len(fixed), 4) if shipped[at : at + 4] != fixed[at : at + 4]]
    assert len(blocks) == 1
    assert llvm_wheel.repair(fixed) == fixed


@needs_wheel
def test_an_elf_cut_short_is_refused() -> None:
    shipped = llvm_wheel._installed().read_bytes()
    with pytest.raises(EngineUnavailable, match="unexpected ELF layout"):
        llvm_wheel.repair(shipped[: len(shipped) // 2])


@needs_wheel
def test_a_library_that_was_not_bundled_is_refused() -> None:
    """No NEEDED entry is a renamed copy of what the version needs name."""
    shipped = llvm_wheel._installed().read_bytes()
    renamed = shipped.replace(b"libtinfo-91270aa7.so.5", b"libtinfo_91270aa7.so.5")
    assert renamed != shipped
    with pytest.raises(EngineUnavailable, match="unexpected ELF layout"):
        llvm_wheel.repair(renamed)


@needs_wheel
def test_the_copy_loads_and_is_kept(tmp_path: Path) -> None:
    path = llvm_wheel.ensure(tmp_path)
    assert hasattr(llvm_wheel.load(path), "Compiler")
    before = path.stat()
    assert llvm_wheel.ensure(tmp_path) == path
    after = path.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert {item.name for item in path.parent.iterdir()} == {
        path.name,
        f"{path.stem}.loads",
        f"{path.stem}.compared",
    }


@needs_wheel
def test_what_looks_the_same_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = llvm_wheel.ensure(tmp_path)
    repaired: list[int] = []
    repair = llvm_wheel.repair

    def noted(elf: bytes) -> bytes:
        repaired.append(len(elf))
        return repair(elf)

    monkeypatch.setattr(llvm_wheel, "repair", noted)
    llvm_wheel.ensure(tmp_path)
    assert repaired == []
    os.utime(path, ns=(0, 0))  # as after a copy of the cache: compared, and noted anew
    llvm_wheel.ensure(tmp_path)
    llvm_wheel.ensure(tmp_path)
    assert repaired == [path.stat().st_size]


@needs_wheel
@pytest.mark.parametrize("damage", [b"", b"half"])
def test_a_damaged_copy_is_replaced(tmp_path: Path, damage: bytes) -> None:
    path = llvm_wheel.ensure(tmp_path)
    good = path.read_bytes()
    path.write_bytes(damage and good[: len(good) // 2])
    assert llvm_wheel.ensure(tmp_path).read_bytes() == good


@needs_wheel
def test_a_wrong_link_to_the_libraries_is_replaced(tmp_path: Path) -> None:
    link = tmp_path / "wasmer_compiler_llvm.libs"
    link.symlink_to(tmp_path / "gone")
    llvm_wheel.ensure(tmp_path)
    assert list(link.glob("libtinfo*"))


@needs_wheel
def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    with pytest.raises(EngineUnavailable, match=r"cannot keep a repaired .*file"):
        llvm_wheel.ensure(in_the_way)


@needs_wheel
def test_many_at_once_agree(tmp_path: Path) -> None:
    """Workers start together, and find the same empty folder."""
    code = "import sys, pathlib; from nexus.engines.llvm_wheel import ensure, load; "
    code += "load(ensure(pathlib.Path(sys.argv[1]))).Compiler"
    children = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    for child in children:
        _, said = child.communicate(timeout=60)
        assert child.returncode == 0, said.decode()


def test_many_threads_make_one_link(tmp_path: Path) -> None:
    threads = 8
    libraries = tmp_path / "libraries"
    libraries.mkdir()
    together = threading.Barrier(threads)

    def link(number: int) -> None:
        for attempt in range(20):
            together.wait(20)
            llvm_wheel._link(tmp_path / f"link-{attempt}", libraries)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(link, range(threads)))
    assert all((tmp_path / f"link-{n}").resolve() == libraries for n in range(20))
    assert len(list(tmp_path.iterdir())) == 21


@needs_wheel
def test_a_copy_that_does_not_load_is_said_not_felt(tmp_path: Path) -> None:
    """As shipped, importing the extension kills the process: the probe's, not ours."""
    target = tmp_path / "wasmer_compiler_llvm" / llvm_wheel._installed().name
    target.parent.mkdir()
    target.write_bytes(llvm_wheel._installed().read_bytes())
    os.symlink(tmp_path / "gone", tmp_path / "wasmer_compiler_llvm.libs")
    with pytest.raises(EngineUnavailable, match="does not load here: "):
        llvm_wheel._probe(target)
