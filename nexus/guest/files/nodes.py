"""The interface of files, folders and links. Methods raise Refused, with a WASI error number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from nexus.guest.preview1 import errno
from nexus.guest.preview1.errno import Refused

# file types of WASI preview 1
OTHER: Final = 0
FOLDER: Final = 3
REGULAR: Final = 4
LINK: Final = 7


class Status(NamedTuple):
    """The fields that `stat` returns for a node."""

    kind: int
    number: int
    """tells nodes apart, like an inode number"""
    size: int
    links: int
    accessed_ns: int
    modified_ns: int
    changed_ns: int


class Entry(NamedTuple):
    """A name in a folder."""

    name: bytes
    kind: int
    number: int


class Node:
    """Anything that has a name in a folder."""

    __slots__ = ()

    kind = OTHER
    """file type; a node of the kind OTHER cannot be opened"""

    def status(self) -> Status:
        """Return the node's status now."""
        raise Refused(errno.NOTSUP)

    def set_times(self, accessed_ns: int | None, modified_ns: int | None) -> None:
        """Set the times that are not None."""
        raise Refused(errno.ROFS)


class OpenedFile:
    """The content of a file, open for reading, writing or both."""

    __slots__ = ()

    in_memory = False
    """whether it costs no descriptor of the host's"""

    def status(self) -> Status:
        """Return the file's status now."""
        raise NotImplementedError

    def size(self) -> int:
        """Return its size in bytes."""
        return self.status().size

    def read(self, offset: int, length: int) -> bytes:
        """Return up to *length* bytes from *offset* on; empty behind the end."""
        raise NotImplementedError

    def write(self, offset: int, content: memoryview) -> None:
        """Write all of *content* at *offset*; bytes between the end and *offset* become zero."""
        raise Refused(errno.ROFS)

    def resize(self, size: int) -> None:
        """Cut the file to *size* bytes, or fill it up with zeros."""
        raise Refused(errno.ROFS)

    def set_times(self, accessed_ns: int | None, modified_ns: int | None) -> None:
        """Set the times that are not None."""
        raise Refused(errno.ROFS)

    def sync(self) -> None:
        """Flush buffered content to the disk; a file in memory does nothing."""


class Link(Node):
    """A symbolic link."""

    __slots__ = ()

    kind = LINK

    def target(self) -> bytes:
        """Return the path that the link holds."""
        raise NotImplementedError


class Folder(Node):
    """A folder. Its names are single: not empty, no slash, neither `.` nor `..`."""

    __slots__ = ()

    kind = FOLDER

    def let_go(self) -> bool:
        """Close the host's descriptors that can be opened again; return whether none stays open."""
        return False

    def find(self, name: bytes) -> Node | None:
        """Return the node called *name*, or None if the folder has no such name."""
        raise NotImplementedError

    def entries(self) -> Sequence[Entry]:
        """Return the names in it."""
        raise NotImplementedError

    def open(self, name: bytes, *, reads: bool, writes: bool) -> OpenedFile:
        """Open the file called *name*; a link is not followed."""
        raise NotImplementedError

    def create(self, name: bytes, *, reads: bool, writes: bool) -> OpenedFile:
        """Create a file, which must not exist, and open it."""
        raise Refused(errno.ROFS)

    def create_folder(self, name: bytes) -> None:
        """Create an empty folder, which must not exist."""
        raise Refused(errno.ROFS)

    def create_link(self, name: bytes, target: bytes) -> None:
        """Create a symbolic link to *target*, which need not exist."""
        raise Refused(errno.ROFS)

    def add(self, name: bytes, folder: Folder, old_name: bytes) -> None:
        """Give the file or link *old_name* in *folder* another name, here."""
        raise Refused(errno.ROFS)

    def move_here(self, name: bytes, folder: Folder, old_name: bytes) -> None:
        """Rename *old_name* in *folder* to *name* here, replacing what POSIX lets it replace."""
        raise Refused(errno.ROFS)

    def remove(self, name: bytes) -> None:
        """Remove the file or link called *name*."""
        raise Refused(errno.ROFS)

    def remove_folder(self, name: bytes) -> None:
        """Remove the empty folder called *name*."""
        raise Refused(errno.ROFS)
