"""Finds the files of a Python handler: one file, or all `.py` files of its folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nexus.errors import InvalidHandler

INDEX: Final = "main.py"
MAX_FILES: Final = 512
"""files of one handler; a handler with more is invalid"""
MAX_BYTES: Final = 8 << 20
"""size of all files of a handler together; a larger handler is invalid"""


@dataclass(frozen=True)
class PythonSources:
    """All files of a handler, by their path below its folder; the guest imports `main` first."""

    main: str
    files: Mapping[str, str]

    def pack(self) -> bytes:
        """Return the sources as bytes, for `unpack`."""
        return json.dumps({"main": self.main, "files": self.files}, sort_keys=True).encode()

    def digest(self) -> str:
        """Return the digest of names and contents of all files."""
        return hashlib.sha256(self.pack()).hexdigest()


def unpack(packed: bytes) -> PythonSources:
    """Return the sources from which `pack` made *packed*."""
    found = json.loads(packed)
    return PythonSources(found["main"], found["files"])


def list_files(entry: Path) -> list[Path]:
    """Return the handler's files, *entry* first. Raises: InvalidHandler for too many files."""
    if entry.name != INDEX:
        return [entry]
    others = sorted(path for path in entry.parent.rglob("*.py") if path != entry)
    if len(others) >= MAX_FILES:
        raise InvalidHandler(f"its folder has more than {MAX_FILES} files")
    return [entry, *others]


def read_sources(entry: Path) -> PythonSources:
    """Read the handler at *entry*.

    Raises: InvalidHandler if a file is unreadable or not UTF-8, or the handler is too large.
    """
    folder, inside = entry.parent, entry.parent.resolve()
    files: dict[str, str] = {}
    size = 0
    for path in list_files(entry):
        if not path.resolve().is_relative_to(inside):
            continue  # a link that leads out of the folder
        text = _read(path)
        size += len(text)
        name = path.relative_to(folder).as_posix() if entry.name == INDEX else path.name
        files[name] = text
    if size > MAX_BYTES:
        raise InvalidHandler(f"its files are larger than {MAX_BYTES} bytes")
    return PythonSources(entry.name, files)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InvalidHandler(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InvalidHandler(f"{path.name}: not UTF-8 at byte {error.start}") from error
