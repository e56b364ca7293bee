"""The sources of `node:` modules, for QuickJS's module loader. A handler that imports none has none
in its snapshot."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Final

_HERE: Final = Path(__file__).parent
_PREFIX: Final = "node:"

NAMES: Final = (
    "assert",
    "assert/strict",
    "async_hooks",
    "buffer",
    "crypto",
    "events",
    "path",
    "path/posix",
    "process",
    "querystring",
    "string_decoder",
    "timers",
    "timers/promises",
    "url",
    "util",
    "util/types",
)
"""the modules that handlers may import, with `node:` in front or without"""

_ELSEWHERE: Final = {
    "assert/strict": 'import { strict } from "node:assert"; export * from "node:assert"; '
    "export const { equal, notEqual, deepEqual, notDeepEqual } = strict; export default strict;",
    "path/posix": 'export * from "node:path"; export { default } from "node:path";',
    "timers/promises": 'import { promises } from "node:timers"; export default promises; '
    "export const { setTimeout, setInterval, setImmediate, scheduler } = promises;",
}
_FILES: Final = {"util/types": "types"}
_INTERNAL: Final = ("codecs", "equal", "internal", "numbers")

_GLOBALS: Final = {
    "Buffer": 'import { Buffer } from "node:buffer";',
    "process": 'import process from "node:process";',
    "setImmediate": 'import { setImmediate } from "node:timers";',
    "clearImmediate": 'import { clearImmediate } from "node:timers";',
    "global": "const global = globalThis;",
}
"""names that Node has on its global object, and how a module gets them"""
_MENTIONED: Final = re.compile(rb"(?<![\w$.])(%b)(?![\w$])" % "|".join(_GLOBALS).encode())


def module_source(name: str) -> bytes | None:
    """Return the source of the module called *name*, or None if there is none."""
    if name in NAMES:
        both = f'"{_PREFIX}{name}"'
        return f"export * from {both}; export {{ default }} from {both};".encode()
    if not name.startswith(_PREFIX):
        return None
    own = name.removeprefix(_PREFIX)
    if own in _ELSEWHERE:
        return _ELSEWHERE[own].encode()
    if own in NAMES:
        return _read(_FILES.get(own, own))
    internal = own.removeprefix("nexus/")
    return _read(internal) if internal != own and internal in _INTERNAL else None


def globals_source(sources: Iterable[bytes]) -> bytes | None:
    """Return a module that defines those of Node's globals that *sources* mention, or None."""
    found = {match.decode() for source in sources for match in _MENTIONED.findall(source)}
    lines = [
        f'{_GLOBALS[name]} Object.defineProperty(globalThis, "{name}", '
        f"{{ value: {name}, writable: true, configurable: true }});"
        for name in _GLOBALS
        if name in found
    ]
    return "\n".join(lines).encode() if lines else None


@lru_cache(maxsize=1)
def digest() -> bytes:
    """Return the digest of all these modules."""
    files = sorted(_HERE.glob("*.js"))
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).digest()


def _read(file: str) -> bytes:
    return (_HERE / f"{file}.js").read_bytes()
