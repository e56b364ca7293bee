"""Serves a handler's source files to QuickJS's module loader during set-up.

The loader opens files with C's `fopen`, so it gets a preopened WASI folder that holds exactly the
bundle's files. At run time a guest has neither the folder nor the loader.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from nexus.guest.files import nodes
from nexus.guest.js.node.modules import module_source
from nexus.guest.preview1 import errno
from nexus.guest.preview1.descriptors import FD_READ, BytesInput, Descriptor
from nexus.guest.preview1.link import Implementation
from nexus.guest.preview1.opened import FOLDER_RIGHTS
from nexus.guest.preview1.process import Process

FOLDER: Final = 3
_FIRST_FILE: Final = 100


class SourceFolder(Descriptor):
    """The bundle as one flat folder: a path with slashes is one file name, and Node's `timers` is a
    file beside `timers/promises`."""

    filetype = nodes.FOLDER
    rights = FOLDER_RIGHTS
    inheriting = FD_READ  # wasi-libc's `open` asks for no more than that
    preopened = b"/"

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = files


class _SourceFile(BytesInput):
    filetype = nodes.REGULAR
    rights = FD_READ


def folder_functions() -> dict[str, Implementation]:
    """Return the function that opens files while descriptor 3 is a `SourceFolder`."""
    return {"path_open": _path_open}


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
