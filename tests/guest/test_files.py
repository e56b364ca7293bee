"""Files in memory and on disk behave alike, and no path leads out of them."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nexus.guest.files.memory_files import NODE_BYTES
from nexus.guest.files.nodes import Folder
from nexus.guest.files.real import RealFolder
from nexus.guest.preview1 import errno
from nexus.guest.preview1.opened import MAX_DESCRIPTORS, OpenFolder
from nexus.guest.preview1.signatures import SIGNATURES
from nexus.model import Files, Mount

from .disk import CREATE, CUT, EXCLUSIVE, READ, WRITE, Disk, on, real, scratch
from .support import LocalRun, ask, handler

APPEND = 1


@pytest.fixture(params=["memory", "disk"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Folder:
    return scratch() if request.param == "memory" else real(tmp_path)


def test_a_file_is_written_and_read(folder: Folder) -> None:
    def script(disk: Disk) -> None:
        disk.make("a")
        disk.save("a/x", b"0123456789")
        assert disk.error(disk.open, "a/x", CREATE | EXCLUSIVE) == errno.EXIST
        fd = disk.open("a/x", 0, READ | WRITE)
        assert disk.read(fd, 4) == b"0123"
        assert (disk.seek(fd, -2, 2), disk.seek(fd, -3, 1)) == (8, 5)
        disk.write(fd, b"xy")
        assert disk.read(fd) == b"789"
        assert disk.error(disk.seek, fd, -1) == errno.INVAL
        disk.seek(fd, 14)
        disk.write(fd, b"!")
        assert disk.load("./a/../a//x") == b"01234xy789\0\0\0\0!"
        disk.call("fd_filestat_set_size", fd, 3)
        assert disk.load("a/x") == b"012"
        disk.close(fd)
        added = disk.open("a/x", 0, WRITE, flags=APPEND)
        disk.write(added, b"3")
        disk.write(added, b"4")
        assert disk.error(disk.read, added) == errno.NOTCAPABLE
        assert disk.load("a/x") == b"01234"
        disk.save("a/x", b"")
        assert disk.status("a/x")[4] == 0

    on(folder, script)


def test_names_are_moved_linked_and_removed(folder: Folder) -> None:
    def script(disk: Disk) -> None:
        disk.make("a")
        disk.make("b")
        disk.save("a/x", b"1")
        disk.link("a/x", "b/y")
        assert disk.status("b/y")[:4] == (1, disk.status("a/x")[1], 4, 2)
        disk.symlink("../a/x", "b/z")
        assert disk.load("b/z") == b"1"
        assert (disk.readlink("b/z"), disk.status("b/z", follow=False)[2]) == (b"../a/x", 7)
        assert sorted(disk.entries("b")) == [(".", 3), ("..", 3), ("y", 4), ("z", 7)]
        disk.rename("b/y", "a/x2")
        assert disk.error(disk.remove_folder, "a") == errno.NOTEMPTY
        assert disk.error(disk.remove, "a") == errno.ISDIR
        assert disk.error(disk.rename, "a", "a/inner") == errno.INVAL
        assert disk.error(disk.rename, "a", "a/x") == errno.INVAL
        disk.remove("b/z")
        disk.rename("a", "b")
        assert (disk.names(), disk.names("b")) == (["b"], ["x", "x2"])

    on(folder, script)


def test_long_listings_come_in_parts(folder: Folder) -> None:
    def script(disk: Disk) -> list[str]:
        for number in range(40):
            disk.save(f"a file with a long name, {number:02}", b"")
        return disk.names(room=100)

    assert len(on(folder, script)) == 40


def test_one_listing_is_kept_for_all_folders(folder: Folder) -> None:
    def script(disk: Disk) -> None:
        disk.make("a")
        disk.save("a/x", b"")
        first, second = disk.folder("."), disk.folder("a")
        for fd in (first, second, first):  # the third time from the middle on
            cookie = 2 if fd == second else 0
            disk.call("fd_readdir", fd, 16384, 4096, cookie, 64)
            assert disk.host.u32(64) == 24 * (3 - cookie) + (1 if cookie else 4)
        table = list(disk.descriptors.values())
        assert len({id(found.shared) for found in table if isinstance(found, OpenFolder)}) == 1

    on(folder, script)


def test_a_removed_file_lives_while_it_is_open(folder: Folder) -> None:
    def script(disk: Disk) -> bytes:
        fd = disk.open("x", CREATE, READ | WRITE)
        disk.remove("x")
        disk.write(fd, b"still here")
        disk.seek(fd, 0)
        return disk.read(fd)

    assert on(folder, script) == b"still here"


OUT = ["../secret", "a/../../secret", "/etc/passwd", "a/./../..", "up/secret", "etc/passwd", "far"]


@pytest.mark.parametrize("writable", [True, False])
def test_no_path_leads_out(tmp_path: Path, writable: bool) -> None:
    (tmp_path / "secret").write_text("secret")
    inside = tmp_path / "inside"
    (inside / "a").mkdir(parents=True)
    (inside / "up").symlink_to("..")
    (inside / "etc").symlink_to("/etc")
    (inside / "far").symlink_to("a/../../secret")

    def script(disk: Disk) -> None:
        for path in OUT:
            assert disk.error(disk.load, path) == errno.PERM, path
            assert disk.error(disk.status, path) == errno.PERM, path
            assert disk.error(disk.make, f"{path}/new") == errno.PERM, path
        sub = disk.folder("a")
        assert disk.error(disk.open, "../up", fd=sub) == errno.PERM
        assert disk.error(disk.symlink, "/etc", "root") == errno.PERM
        if writable:
            disk.symlink("../..", "a/deep")
            assert disk.error(disk.open, "a/deep/secret") == errno.PERM
        for name in ("x\0", "x" * 256, b"\xff", "", "a" * 5000):
            assert disk.error(disk.open, name) in {
                errno.INVAL,
                errno.NAMETOOLONG,
                errno.ILSEQ,
                errno.NOENT,
            }

    on(real(inside, writable=writable), script)


def test_a_name_exchanged_after_the_look_leads_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").write_text("secret")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "x").write_text("x")
    find = RealFolder.find

    def exchanged(self: RealFolder, name: bytes) -> Any:
        (inside / "x").unlink()
        (inside / "x").write_text("x")
        node = find(self, name)
        (inside / "x").unlink()
        (inside / "x").symlink_to("../secret")
        return node

    monkeypatch.setattr(RealFolder, "find", exchanged)
    found = on(real(inside), lambda disk: [disk.error(disk.open, "x", 0, r) for r in (READ, WRITE)])
    assert found == [errno.LOOP, errno.LOOP]
    assert (tmp_path / "secret").read_text() == "secret"


def test_a_folder_exchanged_on_the_way_leads_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = tmp_path / "inside"
    for place, content in ((tmp_path, "secret"), (inside / "a", "ours")):
        place.mkdir(exist_ok=True, parents=True)
        (place / "x").write_text(content)
    find = RealFolder.find

    def exchanged(self: RealFolder, name: bytes) -> Any:
        node = find(self, name)
        if name == b"a":
            (inside / "a").rename(inside / "moved")
            (inside / "a").symlink_to("..")
        return node

    monkeypatch.setattr(RealFolder, "find", exchanged)
    assert on(real(inside), lambda disk: disk.load("a/x")) == b"ours"


def test_a_read_only_folder_refuses_every_change(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("x")
    (tmp_path / "a").mkdir()

    def script(disk: Disk) -> set[int]:
        fd = disk.open("x", 0, READ)
        return {
            disk.error(disk.open, "x", 0, WRITE),
            disk.error(disk.open, "x", CUT, READ),
            disk.error(disk.open, "new", CREATE),
            disk.error(disk.make, "new"),
            disk.error(disk.remove, "x"),
            disk.error(disk.remove_folder, "a"),
            disk.error(disk.rename, "x", "y"),
            disk.error(disk.link, "x", "y"),
            disk.error(disk.symlink, "x", "y"),
            disk.error(disk.call, "path_filestat_set_times", 3, 0, *disk.path("x"), 0, 0, 1),
            disk.error(disk.call, "fd_filestat_set_times", fd, 0, 0, 1),
        }

    assert on(real(tmp_path, writable=False), script) == {errno.ROFS}
    assert (tmp_path / "x").read_text() == "x"


def test_only_regular_files_can_be_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "broken").symlink_to("nowhere")

    def script(disk: Disk) -> list[int]:
        return [disk.error(disk.open, name, 0, READ) for name in ("pipe", "broken", "pipe/x")]

    assert on(real(tmp_path), script) == [errno.ACCES, errno.NOENT, errno.NOTDIR]


def test_the_hosts_inodes_stay_hidden(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("x")
    found = on(real(tmp_path), lambda disk: disk.status("x")[:2])
    assert found[0] == 1
    assert found[1] != (tmp_path / "x").stat().st_ino


def test_scratch_space_is_limited() -> None:
    def script(disk: Disk) -> None:
        fd = disk.open("x", CREATE, READ | WRITE)
        disk.write(fd, bytes(4000))
        disk.seek(fd, 1 << 40)
        assert disk.error(disk.write, fd, b"x") == errno.NOSPC
        assert disk.error(disk.call, "fd_allocate", fd, 0, 1 << 40) == errno.NOSPC
        assert disk.error(disk.call, "fd_filestat_set_size", fd, 1 << 62) == errno.NOSPC
        assert disk.error(disk.call, "fd_filestat_set_size", fd, -1) == errno.INVAL
        many = 0
        while not disk.error(disk.make, f"folder{many}"):
            many += 1
        assert 3 <= many <= 4
        disk.close(fd)
        disk.remove("x")
        disk.make("after")  # a removed file gives its space back

    on(scratch(4000 + 5 * NODE_BYTES), script)


def test_descriptors_and_links_are_limited() -> None:
    def script(disk: Disk) -> None:
        disk.symlink("b", "a")
        disk.symlink("a", "b")
        assert disk.error(disk.open, "a") == errno.LOOP
        disk.make("f")
        disk.symlink("/".join(["f/.."] * 800), "c")
        for name, inner in (("d", "c"), ("e", "d"), ("g", "e")):
            disk.symlink("/".join([inner] * 4), name)
        assert disk.error(disk.open, "g/x") in {errno.LOOP, errno.NOENT, errno.NOTDIR}
        disk.save("x", b"")
        opened = 0
        while not disk.error(disk.open, "x"):
            opened += 1
        assert opened == MAX_DESCRIPTORS - 4
        assert disk.error(disk.open, "x") == errno.MFILE

    on(scratch(), script)


def test_a_folder_cannot_be_moved_into_itself() -> None:
    def script(disk: Disk) -> tuple[int, ...]:
        disk.make("a")
        disk.make("a/b")
        inner = disk.folder("a/b")
        found = disk.error(disk.rename, "a", "x", inner)
        disk.remove_folder("a/b")
        return found, disk.error(disk.open, "new", CREATE, fd=inner)

    assert on(scratch(), script) == (errno.INVAL, errno.NOENT)


FILE_FUNCTIONS = sorted(name for name in SIGNATURES if name.startswith(("fd_", "path_")))
NUMBERS = [*range(9), 64, 200, -1, -8, 1 << 30, -(1 << 31)]
"""descriptors, pointers, lengths and flags alike"""
WIDE = [*NUMBERS, 1 << 40, -(1 << 63), (1 << 63) - 1]


@st.composite
def file_calls(draw: st.DrawFn) -> tuple[str, tuple[int, ...]]:
    name = draw(st.sampled_from(FILE_FUNCTIONS))
    kinds = SIGNATURES[name].params
    return name, tuple(draw(st.sampled_from(NUMBERS if kind == "i32" else WIDE)) for kind in kinds)


@settings(deadline=None, max_examples=150)
@given(st.lists(file_calls(), max_size=30))
def test_no_call_on_files_is_our_fault(sequence: list[Any]) -> None:
    run = LocalRun()

    def script(disk: Disk) -> None:
        disk.save("a", b"content")
        disk.open("a", 0, READ | WRITE)
        disk.host.memory[0:9] = b"a/..//b\xffc"
        for name, arguments in sequence:
            assert 0 <= getattr(disk.host, name)(*arguments) <= errno.NOTCAPABLE
            assert run.stopped is None, run.stopped

    on(scratch(), script, run)


names = st.sampled_from(["a", "b", "a/a", "a/b", "b/a", "a/", ".", "a/..", "b/a/b"])
steps = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["make", "remove", "remove_folder", "load"]), names),
        st.tuples(st.sampled_from(["rename", "link"]), names, names),
        st.tuples(st.just("symlink"), st.sampled_from(["a", "b", "a/b", "../b", "."]), names),
        st.tuples(st.just("save"), names, st.binary(max_size=3)),
    ),
    max_size=12,
)


@settings(deadline=None, max_examples=60)
@given(steps)
def test_memory_and_disk_behave_alike(sequence: list[Any]) -> None:
    def script(disk: Disk) -> list[Any]:
        found: list[Any] = []
        for name, *arguments in sequence:
            number = disk.error(getattr(disk, name), *arguments)
            found.append((name, *arguments, number))
        for path in (".", "a", "b", "a/a"):
            if not disk.error(disk.folder, path):
                found.append((path, sorted(disk.entries(path))))
        return found

    with tempfile.TemporaryDirectory() as place:
        assert on(scratch(), script) == on(real(Path(place)), script)


def test_a_handler_sees_its_folders_and_an_empty_scratch(tmp_path: Path) -> None:
    for name in ("site", "more", "deep"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x").write_text(name)
    (tmp_path / "secret").write_text("secret")
    mounts = (("/", "site"), ("/more", "more"), ("/more/a/b", "deep"))
    files = Files(tuple(Mount(at, tmp_path, path) for at, path in mounts), 1 << 20)

    def question(host: Any) -> list[Any]:
        disk = Disk(host)
        host.fd_prestat_dir_name(3, 64, 1)
        found: list[Any] = [bytes(host.memory[64:65]), disk.names(), disk.names("tmp")]
        found += [disk.load(path) for path in ("x", "more/a/../x", "more/a/b/x")]
        found += [disk.error(disk.load, "../secret"), disk.error(disk.make, "new")]
        disk.save("tmp/left", b"behind")
        assert disk.error(disk.rename, "tmp/left", "left") == errno.ROFS
        return [*found, disk.load("tmp/left")]

    expected = [
        *(b"/", ["more", "tmp", "x"], [], b"site", b"more", b"deep"),
        *(errno.PERM, errno.ROFS, b"behind"),
    ]
    served = handler(files=files)
    for _ in range(2):  # the second request finds nothing of the first
        assert ask(question, handler_=served, memory_bytes=1 << 20) == expected
    (tmp_path / "more/x").unlink()
    (tmp_path / "more").rmdir()
    assert (
        ask(
            lambda host: Disk(host).error(Disk(host).load, "more/x"),
            handler_=served,
            memory_bytes=1 << 20,
        )
        == errno.NOENT
    )
