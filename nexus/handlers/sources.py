"""Which handlers a folder holds, and what tells that one of their files has changed."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from nexus.errors import InvalidHandler

SUFFIXES = (".wasm", ".wat")

FileState: TypeAlias = "tuple[int, int, int] | None"
"""modification time in ns, size in bytes, inode; None: there is no such file"""


@dataclass(frozen=True)
class Source:
    """One handler's module file, and the state of all its files when they were listed."""

    path: Path
    state: tuple[FileState, ...]

    @property
    def name(self) -> str:
        return self.path.stem


def find_sources(folder: Path) -> tuple[Source, ...]:
    """List the handlers in *folder*, by file name.

    Raises: InvalidHandler where the folder cannot be read.
    """
    try:
        paths = sorted(p for p in folder.iterdir() if p.suffix in SUFFIXES and p.is_file())
    except OSError as error:
        raise InvalidHandler(
            f"cannot read the handlers folder {folder}: {error.strerror}"
        ) from error
    return tuple(source_at(path) for path in paths)


def source_at(path: Path) -> Source:
    """The handler whose module is at *path*."""
    return Source(path, (_state(path), _state(path.with_suffix(".toml"))))


def _state(path: Path) -> FileState:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
