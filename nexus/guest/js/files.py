"""A handler's source files, as QuickJS's module loader finds them while a handler is set up.

The loader opens files with C's `fopen`, so a folder is given to it as WASI gives one, with exactly
the bundle's files in it. At run time there is no folder, and no loader either.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Final

from nexus.guest.preview1 import errno
from nexus.guest.preview1.descriptors import FD_READ, BytesInput, Descriptor
from nexus.guest.preview1.link import Implementation
from nexus.guest.preview1.process import Process

FOLDER: Final = 3
_NAME: Final = b"/"
_PRESTAT: Final = struct.Struct("<B 3x I")  # kind 0: a folder; length of its name
_FDSTAT: Final = struct.Struct("<B x H 4x Q Q")  # filetype, flags, rights base and inheriting
_DIRECTORY, _REGULAR = 3, 4
_FIRST_FILE: Final = 100


class SourceFolder(Descriptor):
    """A flat view of the bundle: names with slashes are opened whole."""

    filetype = _DIRECTORY
    rights = (1 << 30) - 1

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = files


class _SourceFile(BytesInput):
    filetype = _REGULAR
    rights = FD_READ


def folder_functions() -> dict[str, Implementation]:
    """What takes the place of WASI's refusals where descriptor 3 is a `SourceFolder`."""
    return {
        "fd_fdstat_get": _fd_fdstat_get,
        "fd_prestat_dir_name": _fd_prestat_dir_name,
        "fd_prestat_get": _fd_prestat_get,
        "path_open": _path_open,
    }


def _fd_prestat_get(process: Process, fd: int, result: int) -> int:
    if not isinstance(process.descriptor(fd), SourceFolder):
        return errno.BADF
    process.memory.write(result, _PRESTAT.pack(0, len(_NAME)))
    return errno.SUCCESS


def _fd_prestat_dir_name(process: Process, fd: int, start: int, length: int) -> int:
    if not isinstance(process.descriptor(fd), SourceFolder) or length < len(_NAME):
        return errno.INVAL
    process.memory.write(start, _NAME)
    return errno.SUCCESS


def _fd_fdstat_get(process: Process, fd: int, result: int) -> int:
    found = process.descriptor(fd)
    # What a folder has its files inherit: `open` of wasi-libc asks for no more than that.
    status = _FDSTAT.pack(found.filetype, found.flags, found.rights, found.rights)
    process.memory.write(result, status)
    return errno.SUCCESS


def _path_open(process: Process, fd: int, flags: int, start: int, length: int, *rest: int) -> int:
    folder = process.descriptor(fd)
    if not isinstance(folder, SourceFolder):
        return errno.NOTDIR
    content = folder.files.get(bytes(process.memory.view(start, length)).decode("utf-8", "replace"))
    if content is None:
        return errno.NOENT
    number = max(_FIRST_FILE, *process.descriptors) + 1
    process.descriptors[number] = _SourceFile(content)
    process.memory.write_u32(rest[-1], number)
    return errno.SUCCESS
