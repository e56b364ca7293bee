"""Which files a JavaScript handler is made of.

Found by looking, not by running: every string in a source that reads like a relative path of a
`.js`, `.mjs` or `.json` file counts as imported, so dynamic imports and mentions in comments do
too. What is not there by then cannot be imported.
"""

from __future__ import annotations

import os
import re
from functools import lru_cache
from pathlib import Path

from nexus.errors import InvalidHandler
from nexus.guest.js.bundle import Bundle
from nexus.model.file_state import FileState, file_state

MAX_FILES = 256
MAX_BYTES = 4 << 20

_SPECIFIER = re.compile(rb"""(['"`])(\.{1,2}/[^'"`\\\r\n]{1,512}\.(?:js|mjs|json))\1""")


def root_of(entry: Path) -> Path:
    """The handlers folder of the handler whose module is at *entry*."""
    return entry.parent.parent if entry.name == "index.js" else entry.parent


def list_files(entry: Path) -> list[Path]:
    """The files of the handler at *entry*, which comes first, and of whatever they import.

    Those that do not exist are listed too: that they come to exist is a change.

    Raises: InvalidHandler where there are too many.
    """
    root = root_of(entry)
    found = [entry]
    for path in found:  # grows as it goes
        for specifier in _imports(path):
            target = Path(os.path.normpath(path.parent / specifier))
            if target not in found and target.is_relative_to(root):
                found.append(target)
        if len(found) > MAX_FILES:
            raise InvalidHandler(f"{entry.name} imports more than {MAX_FILES} files")
    return found


def read_bundle(entry: Path) -> Bundle:
    """Read the handler at *entry* with all that it imports.

    A link that leads out of the handlers folder is as good as absent.

    Raises: InvalidHandler where it cannot be read, or is too large.
    """
    root = root_of(entry)
    inside = root.resolve()
    files = {}
    for path in list_files(entry):
        if path.is_file() and path.resolve().is_relative_to(inside):
            files[path.relative_to(root).as_posix()] = _read(path)
    name = entry.relative_to(root).as_posix()
    if name not in files:
        files[name] = _read(entry)  # says why it cannot be read
    if sum(map(len, files.values())) > MAX_BYTES:
        raise InvalidHandler(f"{name} and what it imports are larger than {MAX_BYTES} bytes")
    return Bundle(name, files)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidHandler(f"cannot read {path}: {error.strerror}") from error


def _imports(path: Path) -> tuple[str, ...]:
    if path.suffix == ".json":
        return ()
    state = file_state(path)
    return _scan(path, state) if state is not None and state[1] <= MAX_BYTES else ()


@lru_cache(maxsize=4096)
def _scan(path: Path, state: FileState) -> tuple[str, ...]:
    """What the file at *path* imports; the folder is looked at five times a second, so this is
    kept as long as the file's *state* is the same."""
    try:
        content = path.read_bytes()
    except OSError:
        return ()
    found = (match[2].decode("utf-8", "replace") for match in _SPECIFIER.finditer(content))
    return tuple(dict.fromkeys(found))
