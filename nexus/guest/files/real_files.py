"""Files of the host's file system, and what folders there share with them."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from functools import wraps
from hashlib import blake2b
from typing import Any, Final, TypeVar, cast

from nexus.guest.files.nodes import FOLDER, LINK, OTHER, REGULAR, OpenedFile, Status
from nexus.guest.preview1 import errno
from nexus.guest.preview1.errno import Refused, refused_by

F = TypeVar("F", bound=Callable[..., Any])

KINDS: Final = {stat.S_IFDIR: FOLDER, stat.S_IFREG: REGULAR, stat.S_IFLNK: LINK}
_SECRET: Final = os.urandom(16)
"""hides the host's inode numbers"""
_PIECE_BYTES: Final = 1 << 20


def mapped(method: F) -> F:
    """Turn an OSError of *method* into Refused."""

    @wraps(method)
    def call(*arguments: Any, **options: Any) -> Any:
        try:
            return method(*arguments, **options)
        except OSError as error:
            raise refused_by(error) from error

    return cast(F, call)


class Handle:
    """An open descriptor of the host, closed with its last user."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number

    def __del__(self) -> None:
        os.close(self.number)

    @mapped
    def status(self) -> Status:
        """Return the status of the open file or folder."""
        return status_of(os.fstat(self.number))


class RealFile(OpenedFile):
    """A regular file; the kernel refuses to write a file that was opened for reading."""

    __slots__ = ("_handle", "_writable")

    def __init__(self, handle: Handle, *, writable: bool) -> None:
        """*writable*: whether its folder is."""
        self._handle, self._writable = handle, writable

    def status(self) -> Status:
        return self._handle.status()

    @mapped
    def read(self, offset: int, length: int) -> bytes:
        parts = []
        while length > 0 and (part := os.pread(self._number, min(length, _PIECE_BYTES), offset)):
            parts.append(part)
            offset, length = offset + len(part), length - len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    @mapped
    def write(self, offset: int, content: memoryview) -> None:
        while content:
            done = os.pwrite(self._number, content, offset)
            offset, content = offset + done, content[done:]

    @mapped
    def resize(self, size: int) -> None:
        os.ftruncate(self._number, size)

    @mapped
    def set_times(self, accessed_ns: int | None, modified_ns: int | None) -> None:
        if not self._writable:
            raise Refused(errno.ROFS)
        os.utime(self._number, ns=chosen_times(os.fstat(self._number), accessed_ns, modified_ns))

    @mapped
    def sync(self) -> None:
        os.fsync(self._number)

    @property
    def _number(self) -> int:
        return self._handle.number


def chosen_times(
    before: os.stat_result, accessed_ns: int | None, modified_ns: int | None
) -> tuple[int, int]:
    """Return both times, with those *before* in the place of None."""
    return (
        before.st_atime_ns if accessed_ns is None else accessed_ns,
        before.st_mtime_ns if modified_ns is None else modified_ns,
    )


def status_of(found: os.stat_result) -> Status:
    """Return the host's status as guests see it."""
    return Status(
        KINDS.get(stat.S_IFMT(found.st_mode), OTHER),
        hidden_number(found.st_dev, found.st_ino),
        found.st_size,
        found.st_nlink,
        found.st_atime_ns,
        found.st_mtime_ns,
        found.st_ctime_ns,
    )


def hidden_number(device: int, inode: int) -> int:
    """Return a number that replaces the host's inode number; it differs between processes."""
    digest = blake2b(b"%d %d" % (device, inode), key=_SECRET, digest_size=8).digest()
    return int.from_bytes(digest, "little")
