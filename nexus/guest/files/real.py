"""Folders of the host's file system.

The kernel gets single names and open folders only, never follows a link, and opens regular files
only: another process may exchange anything between two calls without a way out.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from typing import Final

from nexus.guest.files.nodes import (
    FOLDER,
    LINK,
    OTHER,
    REGULAR,
    Entry,
    Folder,
    Link,
    Node,
    OpenedFile,
    Status,
)
from nexus.guest.files.real_files import (
    KINDS,
    Handle,
    RealFile,
    chosen_times,
    hidden_number,
    mapped,
)
from nexus.guest.preview1 import errno
from nexus.guest.preview1.errno import Refused

_FOLLOW_NOT: Final = os.O_NOFOLLOW | os.O_CLOEXEC


class _RealNode(Node):
    """A node as found in a folder; it holds a descriptor that gives no access to the content."""

    __slots__ = ("_folder", "_handle", "_name", "kind")

    def __init__(self, handle: Handle, kind: int, folder: RealFolder, name: bytes) -> None:
        self._handle, self.kind, self._folder, self._name = handle, kind, folder, name

    def status(self) -> Status:
        return self._handle.status()

    @mapped
    def set_times(self, accessed_ns: int | None, modified_ns: int | None) -> None:
        self._folder.set_times_of(self._name, accessed_ns, modified_ns)


class _RealLink(_RealNode, Link):
    __slots__ = ()

    @mapped
    def target(self) -> bytes:
        return os.readlink(b"", dir_fd=self._handle.number)


class RealFolder(Folder):
    """A folder; read-only, unless *writable*."""

    __slots__ = ("_handle", "_writable")

    def __init__(self, handle: Handle, *, writable: bool) -> None:
        self._handle, self._writable = handle, writable

    @classmethod
    def at(cls, path: str | os.PathLike[str], *, writable: bool = False) -> RealFolder:
        """Open the folder at *path*, which may lead through links. Raises: OSError."""
        number = os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        return cls(Handle(number), writable=writable)

    def status(self) -> Status:
        return self._handle.status()

    @mapped
    def find(self, name: bytes) -> Node | None:
        try:
            number = os.open(name, os.O_PATH | _FOLLOW_NOT, dir_fd=self._number)
        except FileNotFoundError:
            return None
        handle = Handle(number)
        kind = KINDS.get(stat.S_IFMT(os.fstat(number).st_mode), OTHER)
        if kind == FOLDER:
            return RealFolder(handle, writable=self._writable)
        made = _RealLink if kind == LINK else _RealNode
        return made(handle, kind, self, name)

    @mapped
    def entries(self) -> Sequence[Entry]:
        number = os.open(b".", os.O_RDONLY | os.O_DIRECTORY | _FOLLOW_NOT, dir_fd=self._number)
        handle = Handle(number)
        device = os.fstat(number).st_dev
        found = []
        with os.scandir(handle.number) as entries:
            for entry in entries:
                name = os.fsencode(entry.name)
                try:
                    name.decode()
                except UnicodeDecodeError:
                    continue  # no path of WASI could name it
                found.append(Entry(name, _kind_of(entry), hidden_number(device, entry.inode())))
        return found

    def open(self, name: bytes, *, reads: bool, writes: bool) -> OpenedFile:
        return self._open(name, reads, writes, 0)

    def create(self, name: bytes, *, reads: bool, writes: bool) -> OpenedFile:
        self._check()
        return self._open(name, reads, writes, os.O_CREAT | os.O_EXCL)

    @mapped
    def _open(self, name: bytes, reads: bool, writes: bool, flags: int) -> OpenedFile:
        if writes:
            self._check()
        access = (os.O_RDWR if reads else os.O_WRONLY) if writes else os.O_RDONLY
        # Without O_NONBLOCK, opening a pipe would wait for its other end.
        flags |= access | os.O_NONBLOCK | os.O_NOCTTY | _FOLLOW_NOT
        handle = Handle(os.open(name, flags, 0o666, dir_fd=self._number))
        if not stat.S_ISREG(os.fstat(handle.number).st_mode):
            raise Refused(errno.ACCES)
        return RealFile(handle, writable=self._writable)

    @mapped
    def create_folder(self, name: bytes) -> None:
        self._check()
        os.mkdir(name, 0o777, dir_fd=self._number)

    @mapped
    def create_link(self, name: bytes, target: bytes) -> None:
        self._check()
        os.symlink(target, name, dir_fd=self._number)

    @mapped
    def add(self, name: bytes, folder: Folder, old_name: bytes) -> None:
        other = self._sibling(folder)
        os.link(
            old_name,
            name,
            src_dir_fd=other._number,
            dst_dir_fd=self._number,
            follow_symlinks=False,
        )

    @mapped
    def move_here(self, name: bytes, folder: Folder, old_name: bytes) -> None:
        other = self._sibling(folder)
        os.rename(old_name, name, src_dir_fd=other._number, dst_dir_fd=self._number)

    @mapped
    def remove(self, name: bytes) -> None:
        self._check()
        os.unlink(name, dir_fd=self._number)

    @mapped
    def remove_folder(self, name: bytes) -> None:
        self._check()
        os.rmdir(name, dir_fd=self._number)

    @mapped
    def set_times(self, accessed_ns: int | None, modified_ns: int | None) -> None:
        self.set_times_of(b".", accessed_ns, modified_ns)

    def set_times_of(self, name: bytes, accessed_ns: int | None, modified_ns: int | None) -> None:
        """Set the times of the node called *name*, perhaps a link. Raises: OSError, Refused."""
        self._check()
        before = os.stat(name, dir_fd=self._number, follow_symlinks=False)
        times = chosen_times(before, accessed_ns, modified_ns)
        os.utime(name, ns=times, dir_fd=self._number, follow_symlinks=False)

    def _check(self) -> None:
        if not self._writable:
            raise Refused(errno.ROFS)

    def _sibling(self, folder: Folder) -> RealFolder:
        """Return *folder* if a name can be moved from there. Raises: Refused."""
        if not isinstance(folder, RealFolder):
            raise Refused(errno.XDEV)
        self._check()
        folder._check()
        return folder

    @property
    def _number(self) -> int:
        return self._handle.number


def _kind_of(entry: os.DirEntry[str]) -> int:
    if entry.is_symlink():
        return LINK
    if entry.is_dir(follow_symlinks=False):
        return FOLDER
    return REGULAR if entry.is_file(follow_symlinks=False) else OTHER
