from __future__ import annotations

import struct

import pytest

from nexus.guest.preview1 import errno
from nexus.guest.preview1.signatures import SIGNATURES
from nexus.model import Command

from .support import Host, ask, perform

COMMON = 1 << 3 | 1 << 21 | 1 << 27
READ, WRITE = 1 << 1, 1 << 6


def fdstat(host: Host, fd: int) -> tuple[int, ...]:
    assert host.fd_fdstat_get(fd, 64) == errno.SUCCESS
    return struct.unpack("<BxH4xQQ", host.memory[64:88])


def test_handlers_have_pipes() -> None:
    def question(host: Host) -> list[tuple[int, ...]]:
        return [fdstat(host, fd) for fd in range(3)]

    assert ask(question) == [
        (0, 0, COMMON | READ, 0),
        (0, 0, COMMON | WRITE, 0),
        (0, 0, COMMON | WRITE, 0),
    ]


def test_commands_have_a_terminal() -> None:
    filetypes: list[int] = []
    task = Command((), {}, lambda _: b"", lambda _: None, lambda _: None)
    perform(lambda host: filetypes.extend(fdstat(host, fd)[0] for fd in range(3)), task)
    assert filetypes == [2, 2, 2]


def test_flags_are_kept_until_the_next_request() -> None:
    def question(host: Host) -> tuple[int, ...]:
        assert host.fd_fdstat_set_flags(1, 0b101) == errno.SUCCESS
        return fdstat(host, 1)[1], fdstat(host, 2)[1], host.fd_fdstat_set_flags(1, 1 << 5)

    assert ask(question) == (0b101, 0, errno.INVAL)
    assert ask(lambda host: fdstat(host, 1)[1]) == 0


def test_rights_can_only_be_given_up() -> None:
    def question(host: Host) -> list[int]:
        return [
            host.fd_fdstat_set_rights(2, COMMON | WRITE | READ, 0),
            host.fd_fdstat_set_rights(2, COMMON | WRITE, 1),
            host.fd_fdstat_set_rights(2, -1, 0),
            host.fd_fdstat_set_rights(2, COMMON, 0),
            host.print(b"x", fd=2),
            host.fd_fdstat_set_rights(2, COMMON | WRITE, 0),
        ]

    no = errno.NOTCAPABLE
    assert ask(question) == [no, no, no, errno.SUCCESS, no, no]


def test_filestat_says_pipe_and_nothing_else() -> None:
    def question(host: Host) -> bytes:
        host.memory[64:128] = b"\xff" * 64
        assert host.fd_filestat_get(0, 64) == errno.SUCCESS
        return bytes(host.memory[64:129])

    assert ask(question) == bytes(65)


def test_a_closed_descriptor_is_closed_until_the_next_request() -> None:
    def question(host: Host) -> list[int]:
        return [
            host.fd_close(2),
            host.print(b"x", fd=2),
            host.fd_close(2),
            host.fd_fdstat_get(2, 0),
        ]

    assert ask(question) == [errno.SUCCESS, errno.BADF, errno.BADF, errno.BADF]
    assert ask(lambda host: host.print(b"x", fd=2)) == errno.SUCCESS


def test_renumbering_moves() -> None:
    def script(host: Host) -> None:
        assert host.fd_renumber(1, 3) == errno.BADF
        assert host.fd_renumber(3, 1) == errno.BADF
        assert host.fd_renumber(1, 1) == errno.SUCCESS
        assert host.fd_renumber(1, 2) == errno.SUCCESS
        assert host.print(b"lost", fd=1) == errno.BADF
        assert host.print(b"42", fd=2) == errno.SUCCESS

    assert perform(script) == 42


def refused(host: Host, name: str, fd: int) -> int:
    return int(getattr(host, name)(*[fd] * len(SIGNATURES[name].params)))


OF_FILES = [name for name in SIGNATURES if name.startswith(("path_", "sock_"))]
OF_FILES += ["fd_seek", "fd_tell", "fd_pread", "fd_pwrite", "fd_advise", "fd_allocate", "fd_sync"]
OF_FILES += ["fd_datasync", "fd_filestat_set_size", "fd_filestat_set_times", "fd_readdir"]
OF_FILES += ["fd_prestat_get", "fd_prestat_dir_name"]


@pytest.mark.parametrize("name", OF_FILES)
def test_refusals_on_a_closed_descriptor(name: str) -> None:
    assert ask(lambda host: refused(host, name, 3)) == errno.BADF


@pytest.mark.parametrize(
    ("prefix", "number"),
    [
        ("fd_seek", errno.SPIPE),
        ("fd_tell", errno.SPIPE),
        ("fd_pread", errno.SPIPE),
        ("fd_pwrite", errno.SPIPE),
        ("fd_advise", errno.SPIPE),
        ("fd_allocate", errno.SPIPE),
        ("fd_sync", errno.INVAL),
        ("fd_datasync", errno.INVAL),
        ("fd_filestat_set_size", errno.INVAL),
        ("fd_filestat_set_times", errno.NOTCAPABLE),
        ("fd_prestat", errno.BADF),
        ("fd_readdir", errno.NOTDIR),
        ("path_", errno.NOTDIR),
        ("sock_", errno.NOTSOCK),
    ],
)
def test_refusals_on_a_pipe(prefix: str, number: int) -> None:
    names = [name for name in OF_FILES if name.startswith(prefix)]
    assert names
    assert ask(lambda host: {refused(host, name, 1) for name in names}) == {number}


def test_renaming_looks_at_both_directories() -> None:
    def question(host: Host) -> list[int]:
        return [
            host.path_rename(0, 0, 0, 3, 0, 0),
            host.path_link(0, 0, 0, 0, 3, 0, 0),
            host.path_symlink(0, 0, 3, 0, 0),
        ]

    assert ask(question) == [errno.BADF] * 3
