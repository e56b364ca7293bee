"""Finds Node's globals, and `require`, that a handler's sources use without an import."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from nexus.guest.js.node.modules import ABSENT, NAMES

_GLOBALS: Final = {
    "Buffer": 'import { Buffer } from "node:buffer";',
    "process": 'import process from "node:process";',
    "setImmediate": 'import { setImmediate } from "node:timers";',
    "clearImmediate": 'import { clearImmediate } from "node:timers";',
    "global": "const global = globalThis;",
}
"""names that Node has on its global object, and how a module gets them"""
_MENTIONED: Final = re.compile(rb"(?<![\w$.])(%b)(?![\w$])" % "|".join(_GLOBALS).encode())

_SHIM: Final = b"Dynamic require of"
"""in bundles by esbuild in which a CommonJS module requires one that is not in the bundle"""
_KNOWN: Final = "|".join(map(re.escape, sorted((*NAMES, *ABSENT), reverse=True))).encode()
_REQUIRED: Final = re.compile(rb"\brequire\(\s*([\"'`])(?:node:)?(%b)/?\1\s*\)" % _KNOWN)
_CALLED: Final = re.compile(rb"[\w$]\(\s*([\"'`])(?:node:)?(%b)/?\1\s*\)" % _KNOWN)
"""the same, minified: the function may have any name"""
_REQUIRE: Final = """
const found = {{ __proto__: null, {found} }};
const names = {names}, absent = {absent};
const failure = (text) => Object.assign(
  new Error(`${{text}}; there are ${{names.join(", ")}}`),
  {{ code: "MODULE_NOT_FOUND" }},
);
// A package may require a module for a corner that nobody uses: only the use fails.
const missing = (name) => new Proxy({{}}, {{
  get: (_, key) => typeof key === "symbol" || /^(__esModule|default|then)$/.test(key)
    ? undefined
    : function () {{ throw failure(`there is no ${{name}}.${{key}} of Node here`); }},
}});
const require = (name) => {{
  const own = String(name).replace(/^node:|\\/$/g, "");
  if (own in found) return found[own];
  if (absent.includes(own)) return missing(own);
  throw failure(names.includes(own)
    ? `"${{name}}" is not loaded, since no source of the handler requires it by this string`
    : `there is no module "${{name}}" of Node here`);
}};
"""


def globals_source(sources: Iterable[bytes]) -> bytes | None:
    """Return a module that defines what *sources* need of Node's globals, or None if nothing.

    `require` finds the modules whose names a call in *sources* has.
    """
    texts = list(sources)
    names = {match.decode() for text in texts for match in _MENTIONED.findall(text)}
    lines = [_GLOBALS[name] + _defined(name) for name in _GLOBALS if name in names]
    required = {found[1].decode() for text in texts for found in _pattern(text).findall(text)}
    if required:
        lines += _require(sorted(required & set(NAMES)))
    return "\n".join(lines).encode() if lines else None


def _pattern(text: bytes) -> re.Pattern[bytes]:
    return _CALLED if _SHIM in text else _REQUIRED


def _require(names: list[str]) -> list[str]:
    imports = [f'import m{n} from "node:{name}";' for n, name in enumerate(names)]
    found = ", ".join(f'"{name}": m{n}' for n, name in enumerate(names))
    require = _REQUIRE.format(found=found, names=list(NAMES), absent=list(ABSENT))
    return [*imports, require, _defined("require")]


def _defined(name: str) -> str:
    return (
        f' Object.defineProperty(globalThis, "{name}", '
        f"{{ value: {name}, writable: true, configurable: true }});"
    )
