"""A guest's file operations as Python calls, over the functions of WASI preview 1."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from nexus.guest.files.memory import MemoryFolder
from nexus.guest.files.memory_files import Space
from nexus.guest.files.nodes import Folder
from nexus.guest.files.real import RealFolder
from nexus.guest.preview1 import errno
from nexus.guest.preview1.descriptors import Descriptor
from nexus.guest.preview1.opened import ALL_RIGHTS, FOLDER_RIGHTS, OpenFolder
from nexus.guest.wasi.guest import WasiGuest
from nexus.model import Command

from .support import Host, LocalRun, perform

CREATE, FOLDER, EXCLUSIVE, CUT = 1, 2, 4, 8
READ, WRITE = 1 << 1, 1 << 6
_PATHS, _BUFFER, _RESULT = 4096, 16384, 64
MEMORY_BYTES = 1 << 20


class WasiError(Exception):
    """An error number that is not zero."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class Disk:
    """The files that a guest sees at descriptor 3."""

    def __init__(self, host: Host, descriptors: dict[int, Descriptor] | None = None) -> None:
        self.host, self.descriptors = host, descriptors or {}

    def call(self, name: str, *arguments: int) -> None:
        number = getattr(self.host, name)(*arguments)
        if number:
            raise WasiError(number)

    def path(self, text: str | bytes, at: int = _PATHS) -> tuple[int, int]:
        content = text.encode() if isinstance(text, str) else text
        self.host.memory[at : at + len(content)] = content
        return at, len(content)

    def open(
        self, path: str | bytes, how: int = 0, rights: int = READ, *, flags: int = 0, fd: int = 3
    ) -> int:
        self.call("path_open", fd, 1, *self.path(path), how, rights, 0, flags, _RESULT)
        return self.host.u32(_RESULT)

    def folder(self, path: str, fd: int = 3) -> int:
        self.call(
            "path_open", fd, 0, *self.path(path), FOLDER, FOLDER_RIGHTS, ALL_RIGHTS, 0, _RESULT
        )
        return self.host.u32(_RESULT)

    def close(self, fd: int) -> None:
        self.call("fd_close", fd)

    def read(self, fd: int, size: int = 65536) -> bytes:
        self.host.put(0, _BUFFER, size)
        self.call("fd_read", fd, 0, 1, _RESULT)
        return bytes(self.host.memory[_BUFFER : _BUFFER + self.host.u32(_RESULT)])

    def write(self, fd: int, content: bytes) -> None:
        self.host.memory[_BUFFER : _BUFFER + len(content)] = content
        self.host.put(0, _BUFFER, len(content))
        self.call("fd_write", fd, 0, 1, _RESULT)

    def load(self, path: str | bytes) -> bytes:
        fd = self.open(path)
        content = self.read(fd)
        self.close(fd)
        return content

    def save(self, path: str, content: bytes, how: int = CREATE | CUT) -> None:
        fd = self.open(path, how, WRITE)
        try:
            self.write(fd, content)
        finally:
            self.close(fd)

    def seek(self, fd: int, offset: int, whence: int = 0) -> int:
        self.call("fd_seek", fd, offset, whence, _RESULT)
        return self.host.u64(_RESULT)

    def make(self, path: str) -> None:
        self.call("path_create_directory", 3, *self.path(path))

    def remove(self, path: str) -> None:
        self.call("path_unlink_file", 3, *self.path(path))

    def remove_folder(self, path: str) -> None:
        self.call("path_remove_directory", 3, *self.path(path))

    def symlink(self, target: str, path: str) -> None:
        self.call("path_symlink", *self.path(target, 8192), 3, *self.path(path))

    def readlink(self, path: str) -> bytes:
        self.call("path_readlink", 3, *self.path(path), _BUFFER, 4096, _RESULT)
        return bytes(self.host.memory[_BUFFER : _BUFFER + self.host.u32(_RESULT)])

    def link(self, old: str, new: str) -> None:
        self.call("path_link", 3, 0, *self.path(old), 3, *self.path(new, 8192))

    def rename(self, old: str, new: str, fd: int = 3) -> None:
        self.call("path_rename", 3, *self.path(old), fd, *self.path(new, 8192))

    def status(self, path: str, *, follow: bool = True) -> tuple[int, ...]:
        """Return device, number, type, links, size, then the three times."""
        self.call("path_filestat_get", 3, int(follow), *self.path(path), _BUFFER)
        return struct.unpack("<QQB7xQQQQQ", self.host.memory[_BUFFER : _BUFFER + 64])

    def names(self, path: str = ".", room: int = 4096) -> list[str]:
        return sorted(name for name, _ in self.entries(path, room))[2:]

    def entries(self, path: str = ".", room: int = 4096) -> Iterator[tuple[str, int]]:
        fd, cookie = self.folder(path), 0
        while True:
            self.call("fd_readdir", fd, _BUFFER, room, cookie, _RESULT)
            used, at = self.host.u32(_RESULT), _BUFFER
            end = at + used
            while end - at >= 24:
                found, _, length, kind = struct.unpack("<QQIB3x", self.host.memory[at : at + 24])
                if at + 24 + length > end:
                    break
                yield bytes(self.host.memory[at + 24 : at + 24 + length]).decode(), kind
                at, cookie = at + 24 + length, found
            if used < room:
                self.close(fd)
                return

    def error(self, call: Callable[..., object], *arguments: Any, **options: Any) -> int:
        """Return the error number of *call*, 0 if it succeeds."""
        try:
            call(*arguments, **options)
        except WasiError as error:
            return error.number
        return errno.SUCCESS


def on(folder: Folder, script: Callable[[Disk], Any], run: LocalRun | None = None) -> Any:
    """Return what *script* returns in a guest that sees *folder* as its root."""
    answers: list[Any] = []
    guest = WasiGuest()

    def started(host: Host) -> None:
        guest._process.descriptors[3] = OpenFolder(folder, preopened=b"/")
        answers.append(script(Disk(host, guest._process.descriptors)))

    task = Command((), {}, lambda _: b"", lambda _: None, lambda _: None)
    perform(started, task, guest=guest, run=run, memory_bytes=MEMORY_BYTES)
    return answers[0]


def scratch(size_bytes: int = 1 << 20) -> MemoryFolder:
    return MemoryFolder(Space(size_bytes))


def real(path: Path, *, writable: bool = True) -> RealFolder:
    return RealFolder.at(path, writable=writable)
