"""The web API's source, as one script."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

_HERE = Path(__file__).parent
BOOTSTRAP_NAME = "nexus:bootstrap"
PRELUDE_NAME = "nexus:prelude"


@lru_cache(maxsize=1)
def bootstrap() -> bytes:
    """The script that joins host and prelude; its value is a function."""
    return (_HERE / "bootstrap.js").read_bytes()


@lru_cache(maxsize=1)
def prelude() -> bytes:
    """The files of `prelude/` in the order of their names; the script's value is a function."""
    files = sorted((_HERE / "prelude").glob("*.js"))
    parts = [path.read_text(encoding="utf-8") for path in files]
    body = "\n".join(parts)
    return (
        f'(function (host) {{ "use strict";\n{body}\n'
        "return { dispatch, evaluate, answer, begin, runTimer, nextTimer }; })"
    ).encode()


@lru_cache(maxsize=1)
def digest() -> bytes:
    """Of all that a handler's snapshot holds beside the handler."""
    return hashlib.sha256(b"\0".join((bootstrap(), prelude()))).digest()
