"""Finds the files of a JavaScript handler.

The search reads the sources without running them: every string that looks like the relative path of
a `.js`, `.mjs`, `.ts`, `.mts` or `.json` file counts as an import, also in dynamic imports and in
comments. A handler cannot import a file that is missing when its sources are read.

`import text from "./x.html" with { type: "text" }` imports any other file as a string. QuickJS has
no such modules, so the file becomes a module that exports it, and spaces replace the clause.

A source map that a file names in its last line belongs to the handler, too.
"""

from __future__ import annotations

import json
import os
import re
from functools import lru_cache
from pathlib import Path

from nexus.errors import InvalidHandler
from nexus.guest.bundle import Bundle
from nexus.guest.js.source_maps.separate import map_file
from nexus.model.file_state import FileState, file_state

MAX_FILES = 256
"""files of one handler; a handler with more is invalid"""
MAX_BYTES = 4 << 20
"""size of all files of a handler together, without source maps; a larger handler is invalid"""
MAX_MAP_BYTES = 32 << 20
"""size of a source map in a file of its own; a larger one is left out"""

_SPECIFIER = re.compile(rb"""(['"`])(\.{1,2}/[^'"`\\\r\n]{1,512}\.(?:js|mjs|json|ts|mts))\1""")
_TEXT = re.compile(
    rb"""(['"])(\.{1,2}/[^'"`\\\r\n]{1,512})\1"""
    rb"""(\s{0,64}with\s{0,64}\{\s{0,64}type\s{0,64}:\s{0,64}"""
    rb"""(?:'text'|"text")\s{0,64},?\s{0,64}\})"""
)
"""an import of text: quotes, path, and the clause that says so"""
_MAP = ".map"
_CODE = (".js", ".mjs", ".ts", ".mts", ".json")


def root_of(entry: Path) -> Path:
    """Return the handlers folder of the handler whose module is at *entry*."""
    return entry.parent.parent if entry.name == "index.js" else entry.parent


def list_files(entry: Path) -> list[Path]:
    """Return *entry* and all files that it imports, directly or not; *entry* comes first.

    The list includes missing files, since creating one of them changes the handler.

    Raises: InvalidHandler if the handler has too many files.
    """
    root = root_of(entry)
    found = [entry]
    for path in found:  # grows as it goes
        for specifier in _imports(path):
            target = Path(os.path.normpath(path.parent / specifier))
            if target not in found and target.is_relative_to(root):
                found.append(target)
        if len(found) > MAX_FILES:
            raise InvalidHandler(f"it imports more than {MAX_FILES} files")
    return found


def read_bundle(entry: Path) -> Bundle:
    """Read the handler at *entry* with all files that it imports.

    A link that leads out of the handlers folder counts as a missing file.

    Raises: InvalidHandler if a file is unreadable, or the handler is too large.
    """
    root = root_of(entry)
    inside = root.resolve()
    files = {}
    for path in list_files(entry):
        is_large = path.suffix == _MAP and path.is_file() and path.stat().st_size > MAX_MAP_BYTES
        if path.is_file() and not is_large and path.resolve().is_relative_to(inside):
            files[path.relative_to(root).as_posix()] = _prepared(path, _read(path))
    name = entry.relative_to(root).as_posix()
    if name not in files:
        # Raises an error that says why it is unreadable.
        files[name] = _prepared(entry, _read(entry))
    if sum(len(files[file]) for file in files if Path(file).suffix != _MAP) > MAX_BYTES:
        raise InvalidHandler(f"it and the files it imports are larger than {MAX_BYTES} bytes")
    return Bundle(name, files)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidHandler(f"cannot read {path}: {error.strerror}") from error


def _prepared(path: Path, content: bytes) -> bytes:
    """Return *content* as QuickJS can load it."""
    if path.suffix == _MAP:
        return content
    if path.suffix not in _CODE:
        return b"export default %b;" % json.dumps(content.decode("utf-8", "replace")).encode()
    if path.suffix == ".json":
        return content
    return _TEXT.sub(_without_clause, content)


def _without_clause(found: re.Match[bytes]) -> bytes:
    """Return an import of text without its clause; places in the file stay what they were.

    Raises: InvalidHandler if it names a file that is code.
    """
    name = found[2].decode("utf-8", "replace")
    if name.endswith(others := (*_CODE, _MAP)):
        raise InvalidHandler(
            f"it imports {name} as text; allowed: files that do not end in {', '.join(others)}"
        )
    clause = re.sub(rb"[^\r\n]", b" ", found[3])
    return found[1] + found[2] + found[1] + clause


def _imports(path: Path) -> tuple[str, ...]:
    if path.suffix == ".json" or path.suffix not in _CODE:
        return ()
    state = file_state(path)
    return _scan(path, state) if state is not None and state[1] <= MAX_BYTES else ()


@lru_cache(maxsize=4096)
def _scan(path: Path, state: FileState) -> tuple[str, ...]:
    """Return the imports of the file at *path*.

    Cached for each *state* of the file, since the watcher looks at the folder five times a second.
    """
    try:
        content = path.read_bytes()
    except OSError:
        return ()
    matches = [*_SPECIFIER.finditer(content), *_TEXT.finditer(content)]
    found = [match[2].decode("utf-8", "replace") for match in matches]
    source_map = map_file(content)
    return tuple(dict.fromkeys(found if source_map is None else [*found, source_map]))
