"""Serves a handler's source files to QuickJS's module loader during set-up.

The loader opens files with C's `fopen`, so it gets a preopened WASI folder that holds exactly the
bundle's files. At run time a guest has neither the folder nor the loader.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Final

from nexus.guest.js.node.modules import module_source
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
    """The bundle as one flat folder; a path with slashes is one file name."""

    filetype = _DIRECTORY
    rights = (1 << 30) - 1

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = files


class _SourceFile(BytesInput):
    filetype = _REGULAR
    rights = FD_READ


def folder_functions() -> dict[str, Implementation]:
    """Return the functions that replace WASI's refusals while descriptor 3 is a `SourceFolder`."""
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
    # Files inherit all rights of the folder: wasi-libc's `open` asks for no more than those.
    status = _FDSTAT.pack(found.filetype, found.flags, found.rights, found.rights)
    process.memory.write(result, status)
    return errno.SUCCESS


def _path_open(process: Process, fd: int, flags: int, start: int, length: int, *rest: int) -> int:
    folder = process.descriptor(fd)
    if not isinstance(folder, SourceFolder):
        return errno.NOTDIR
    name = bytes(process.memory.view(start, length)).decode("utf-8", "replace")
    content = folder.files.get(name)
    if content is None:
        content = module_source(name)
    if content is None:
        return errno.NOENT
    number = max(_FIRST_FILE, *process.descriptors) + 1
    process.descriptors[number] = _SourceFile(content)
    process.memory.write_u32(rest[-1], number)
    return errno.SUCCESS
