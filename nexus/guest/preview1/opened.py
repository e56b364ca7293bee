"""Descriptors of open files and folders, and their rights.

A guest asks for rights when it opens a file; it gets those that the folder passes on. They matter
for reading, writing and cutting files, like in other runtimes: a read-only folder itself refuses
changes, whatever the rights.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from nexus.guest.files import nodes
from nexus.guest.files.nodes import Entry, Folder, OpenedFile, Status
from nexus.guest.preview1 import errno
from nexus.guest.preview1.descriptors import FD_READ, FD_WRITE, Descriptor
from nexus.guest.preview1.errno import Refused

FD_ALLOCATE: Final = 1 << 8
PATH_SET_SIZE: Final = 1 << 19
FD_SET_SIZE: Final = 1 << 22
ALL_RIGHTS: Final = (1 << 28) - 1
"""all but those of sockets"""
FILE_RIGHTS: Final = 0x8E001FF
"""of the functions whose names begin with `fd_`, and `poll_fd_readwrite`, without `fd_readdir`"""
FOLDER_RIGHTS: Final = ALL_RIGHTS & ~(
    FD_READ | FD_WRITE | FD_ALLOCATE | FD_SET_SIZE | 1 << 2 | 1 << 5
)
"""all that do not read, write, seek or cut a file"""

MAX_DESCRIPTORS: Final = 64
"""open at once in a handler's guest; many of them cost a descriptor of the worker each"""

APPEND: Final = 1
_SYNC: Final = 1 << 1 | 1 << 4
"""the flags DSYNC and SYNC"""
_MOST: Final = (1 << 63) - 1
"""size of the largest file"""
_SET, _CURRENT, _END = 0, 1, 2


class OpenFile(Descriptor):
    """An open file, with a position."""

    filetype = nodes.REGULAR

    def __init__(self, file: OpenedFile, rights: int, flags: int) -> None:
        self.rights, self.flags = rights, flags
        self._file = file
        self._position = 0

    def read(self, length: int) -> bytes:
        content = self._file.read(self._position, length)
        self._position += len(content)
        return content

    def write(self, content: memoryview) -> None:
        offset = self._file.size() if self.flags & APPEND else self._position
        self.write_at(offset, content)
        self._position = offset + len(content)

    def ready_bytes(self) -> int:
        return max(0, self._file.size() - self._position)

    def can_wait(self) -> bool:
        return self._file.in_memory

    def status(self) -> Status:
        return self._file.status()

    def set_times(self, accessed_ns: int | None, modified_ns: int | None) -> None:
        self._file.set_times(accessed_ns, modified_ns)

    def seek(self, offset: int, whence: int) -> int:
        if whence == _CURRENT:
            offset += self._position
        elif whence == _END:
            offset += self._file.size()
        elif whence != _SET:
            raise Refused(errno.INVAL)
        if not 0 <= offset <= _MOST:
            raise Refused(errno.INVAL)
        self._position = offset
        return offset

    def read_at(self, offset: int, length: int) -> bytes:
        self._must(FD_READ)
        return self._file.read(_checked(offset), length)

    def write_at(self, offset: int, content: memoryview) -> None:
        self._must(FD_WRITE)
        _checked(offset + len(content))
        self._file.write(offset, content)
        if self.flags & _SYNC:
            self._file.sync()

    def allocate(self, offset: int, length: int) -> None:
        end = _checked(offset + length)
        if not length:
            raise Refused(errno.INVAL)
        self._must(FD_WRITE | FD_ALLOCATE)
        if end > self._file.size():
            self._file.resize(end)

    def resize(self, size: int) -> None:
        self._must(FD_WRITE | FD_SET_SIZE)
        self._file.resize(_checked(size))

    def sync(self) -> None:
        self._file.sync()

    def _must(self, rights: int) -> None:
        """Check that it has one of *rights*. Raises: Refused(NOTCAPABLE)."""
        if not self.rights & rights:
            raise Refused(errno.NOTCAPABLE)


class Shared:
    """State shared by a folder and all folders opened through it: a limit, and the last listing.
    One listing is kept for all, or a guest with many open folders could fill the host's memory."""

    __slots__ = ("entries", "key", "most_descriptors")

    def __init__(self, most_descriptors: int = MAX_DESCRIPTORS) -> None:
        self.most_descriptors = most_descriptors
        self.key: object = None
        self.entries: Sequence[Entry] = ()


class OpenFolder(Descriptor):
    """An open folder."""

    filetype = nodes.FOLDER

    def __init__(
        self,
        folder: Folder,
        rights: int = FOLDER_RIGHTS,
        inheriting: int = ALL_RIGHTS,
        flags: int = 0,
        *,
        preopened: bytes | None = None,
        shared: Shared | None = None,
    ) -> None:
        """*shared* belongs to the folder through which this one is opened; None makes a new one."""
        self.rights, self.inheriting, self.flags = rights, inheriting, flags
        self.preopened = preopened
        self._folder = folder
        self._key = object()
        self.shared = shared or Shared()

    @property
    def folder(self) -> Folder:
        return self._folder

    def can_wait(self) -> bool:
        self.shared.key, self.shared.entries = None, ()
        return self.folder.let_go()

    def status(self) -> Status:
        return self.folder.status()

    def set_times(self, accessed_ns: int | None, modified_ns: int | None) -> None:
        self.folder.set_times(accessed_ns, modified_ns)

    def listing(self, *, anew: bool) -> Sequence[Entry]:
        shared = self.shared
        if anew or shared.key is not self._key:
            number = self.folder.status().number
            dots = [Entry(name, nodes.FOLDER, number) for name in (b".", b"..")]
            shared.key, shared.entries = self._key, [*dots, *self.folder.entries()]
        return shared.entries

    def seek(self, offset: int, whence: int) -> int:
        raise Refused(errno.ISDIR)

    def read_at(self, offset: int, length: int) -> bytes:
        raise Refused(errno.ISDIR)

    def write_at(self, offset: int, content: memoryview) -> None:
        raise Refused(errno.ISDIR)

    def allocate(self, offset: int, length: int) -> None:
        raise Refused(errno.ISDIR)

    def resize(self, size: int) -> None:
        raise Refused(errno.ISDIR)

    def sync(self) -> None:
        """Do nothing: names are not buffered."""


def _checked(offset: int) -> int:
    if not 0 <= offset <= _MOST:
        raise Refused(errno.INVAL)
    return offset
