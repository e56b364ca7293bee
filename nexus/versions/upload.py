"""An uploaded version, laid out like the handlers folder: `NAME.js` and `NAME.toml`, say."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nexus.errors import InvalidArgument, InvalidHandler
from nexus.guest import Abis
from nexus.handlers.files import declares_static
from nexus.handlers.names import check_name

MOST_FILES: Final = 2000
_MOST_PATH_BYTES: Final = 512
STATIC: Final = "static"
"""the language of a handler that is a folder of files"""
_WELL_KNOWN: Final = ".well-known"
"""the one hidden folder that a client may ask for (RFC 8615)"""


@dataclass(frozen=True)
class Upload:
    """The files of one version."""

    name: str
    entry: str
    language: str
    files: Mapping[str, bytes]
    """by their paths in a handlers folder"""
    note: str = ""

    @property
    def digest(self) -> str:
        """The SHA-256 of paths and contents: uploads of the same files are the same version."""
        listed = {path: digest_of(content) for path, content in self.files.items()}
        return digest_of(json.dumps(listed, sort_keys=True).encode())


def digest_of(content: bytes) -> str:
    """Return the digest under which a store keeps *content*."""
    return hashlib.sha256(content).hexdigest()


def lay_out(
    name: str, files: Mapping[str, bytes], manifest: bytes, abis: Abis, note: str = ""
) -> Upload:
    """Return the upload of handler *name*.

    *files*: one handler file under any name, or several by their relative paths. Of several, an
    index file (such as `main.py`) makes a folder of them; otherwise the one file at the top with a
    handler's suffix is the handler, or of more than one the one called like the handler. If the
    *manifest* says `static = true` and no file is an index file, the handler serves all of them.

    Raises: InvalidHandler for *name*, or if no file or more than one can be the handler;
        InvalidArgument for a path.
    """
    check_name(name)
    if len(files) > MOST_FILES:
        raise InvalidArgument(f"files: found {len(files)}, allowed: up to {MOST_FILES}")
    folders = {str(parent) for path in files for parent in Path(path).parents}
    for path in files:
        _check_path(path)
        if path in folders:
            raise InvalidArgument(f"files: {path[:80]!r} is a file and a folder")
    index = next((index for index in abis.indexes if index in files), None)
    if index is not None:
        entry = f"{name}/{index}"
        laid_out = {f"{name}/{path}": content for path, content in files.items()}
    elif files and declares_static(manifest):
        entry = name
        laid_out = {f"{name}/{path}": content for path, content in files.items()}
    else:
        own = _own_file(name, files, abis)
        entry = name + Path(own).suffix
        laid_out = {entry: files[own]}
        laid_out |= {path: content for path, content in files.items() if path != own}
    if manifest:
        laid_out[f"{name}.toml"] = manifest
    language = STATIC if entry == name else _language(entry, abis)
    return Upload(name, entry, language, laid_out, note)


def _own_file(name: str, files: Mapping[str, bytes], abis: Abis) -> str:
    able = [path for path in files if "/" not in path and path.endswith(tuple(abis.suffixes))]
    if len(able) > 1:
        able = [path for path in able if Path(path).stem == name] or able
    if len(able) != 1:
        found = ", ".join(sorted(able)) or "no file that can be a handler"
        raise InvalidHandler(
            f"files: found {found}, allowed: one file of {', '.join(abis.suffixes)}, or one called "
            f"{', '.join(abis.indexes)} among several"
        )
    return able[0]


def _language(entry: str, abis: Abis) -> str:
    abi = abis.of_file(Path(entry))
    return (abi.language if abi is not None else "") or "wasm"


def is_hidden(name: str) -> bool:
    """Return whether a file or folder called *name* stays out of versions."""
    return name.startswith(".") and name != _WELL_KNOWN


def _check_path(path: str) -> None:
    parts = path.split("/")
    bad = any(not part or is_hidden(part) for part in parts)
    if bad or not path.isprintable() or "\\" in path or len(path.encode()) > _MOST_PATH_BYTES:
        raise InvalidArgument(
            f"files: found the path {path[:80]!r}, allowed: a relative path without hidden parts, "
            f"of up to {_MOST_PATH_BYTES} bytes"
        )
