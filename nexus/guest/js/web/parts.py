"""The rarely used parts of the web API: scripts that are loaded at their first use.

A part is joined from files like the prelude, and is the prelude's for all it knows: it finds the
names that the prelude declares, and those that the parts in `needs` export. A snapshot has a part
only if the handler's sources mention one of its names (`parts_for`): set-up loads it then. Any
other handler that reaches the part, by a computed name, loads it anew in each request.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

_HERE: Final = Path(__file__).parent
_WORD: Final = re.compile(r"[A-Za-z_$][\w$]*")
_DECLARED: Final = re.compile(r"^(?:const|let|class|(?:async )?function\*?) ([\w$]+)", re.MULTILINE)
_TO_LOCALE: Final = r"\btoLocale(?:Date|Time)?String\b"
_TAKEN_APART: Final = re.compile(r"^(?:const|let) \{([^}]*)\} =", re.MULTILINE)


@dataclass(frozen=True)
class Part:
    """One part: its files in load order."""

    files: tuple[str, ...]
    exports: tuple[str, ...]
    """names that the prelude and other parts may use"""
    globals: tuple[str, ...]
    """global names that the part defines; the first use of one loads it"""
    mentions: str = ""
    """a regular expression: sources that match it, or name a global, are likely to use the part"""
    needs: tuple[str, ...] = ()
    """parts whose exports this one uses"""


PARTS: Final[Mapping[str, Part]] = {
    "streams": Part(
        files=(
            "streams/promises",
            "streams/strategies",
            "streams/queue",
            "streams/readable",
            "streams/default-controller",
            "streams/pull-into",
            "streams/byte-controller",
            "streams/byob-request",
            "streams/readers",
            "streams/tee",
            "streams/byte-tee",
            "streams/pipe",
            "streams/iterator",
            "streams/readable-stream",
            "streams/writable",
            "streams/writable-controller",
            "streams/writable-stream",
            "streams/transform",
            "streams/transform-stream",
            "streams/bytes",
        ),
        exports=(
            "ReadableStream",
            "TransformStream",
            "isDisturbed",
            "readAllBytes",
            "readChunks",
            "streamOfBytes",
            "streamOfParts",
            "teeStream",
        ),
        globals=(
            "ByteLengthQueuingStrategy",
            "CountQueuingStrategy",
            "ReadableByteStreamController",
            "ReadableStream",
            "ReadableStreamBYOBReader",
            "ReadableStreamBYOBRequest",
            "ReadableStreamDefaultController",
            "ReadableStreamDefaultReader",
            "TransformStream",
            "TransformStreamDefaultController",
            "WritableStream",
            "WritableStreamDefaultController",
            "WritableStreamDefaultWriter",
        ),
        mentions=r"\.body\b|\.stream\(",
    ),
    "json-pieces": Part(
        files=("fetch/json-pieces",),
        exports=("parsePieces",),
        globals=(),
    ),
    "legacy-text": Part(
        files=("encoding/legacy",),
        exports=("legacyDecoder", "legacyFromLabel"),
        globals=(),
        mentions=r"(?i:shift_jis|iso-8859-[2-9]|windows-125[013-8]|\bgbk\b|gb18030|\bbig5\b|euc-[jk])",
    ),
    "text-streams": Part(
        files=("encoding/text-streams",),
        exports=(),
        globals=("TextDecoderStream", "TextEncoderStream"),
        needs=("streams",),
    ),
    "events": Part(
        files=("dom/message",),
        exports=("MessageEvent", "errorEvent", "rejectionEvent"),
        globals=("ErrorEvent", "MessageEvent", "PromiseRejectionEvent"),
    ),
    "messages": Part(
        files=("html/message-channel",),
        exports=(),
        globals=("MessageChannel", "MessagePort"),
        needs=("events",),
    ),
    "compression": Part(
        files=("compression/compression-streams",),
        exports=(),
        globals=("CompressionStream", "DecompressionStream"),
        needs=("streams",),
    ),
    "assets": Part(
        files=("nexus/assets",),
        exports=("assetsBinding",),
        globals=(),
        mentions=r"\bASSETS\b",
    ),
    "url-pattern": Part(
        files=("url/pattern-parser", "url/pattern-string", "url/pattern"),
        exports=(),
        globals=("URLPattern",),
    ),
    "collation": Part(
        files=("intl/collator",),
        exports=("Collator", "compareTexts"),
        globals=(),
        mentions=r"\blocaleCompare\b|\bCollator\b",
    ),
    "intl": Part(
        files=(
            "intl/host",
            "intl/numbers",
            "intl/dates",
            "intl/words",
            "intl/segmenter",
            "intl/intl",
        ),
        exports=("dateToLocale", "numberToLocale"),
        globals=("Intl",),
        mentions=_TO_LOCALE,
        needs=("collation",),
    ),
    "no-intl": Part(
        files=("intl/absent",),
        exports=("dateToLocale", "numberToLocale"),
        globals=(),
        mentions=_TO_LOCALE,
    ),
    "webcrypto": Part(
        files=(
            "crypto/keys/crypto-key",
            "crypto/keys/host",
            "crypto/keys/convert",
            "crypto/keys/algorithms",
            "crypto/keys/usages",
            "crypto/keys/jwk",
            "crypto/keys/import",
            "crypto/keys/export",
            "crypto/keys/generate",
            "crypto/keys/sign",
            "crypto/keys/encrypt",
            "crypto/keys/derive",
            "crypto/keys/subtle",
        ),
        exports=("subtle",),
        globals=("CryptoKey", "SubtleCrypto"),
        mentions=r"\bsubtle\b",
    ),
}


@lru_cache(maxsize=1)
def has_intl() -> bool:
    """Return whether the extra `intl` is installed."""
    return find_spec("babel") is not None


def _available() -> dict[str, Part]:
    missing = "no-intl" if has_intl() else "intl"
    return {name: part for name, part in PARTS.items() if name != missing}


def parts_for(sources: Iterable[bytes]) -> list[str]:
    """Return the names of the parts that *sources* are likely to use."""
    whole = b"\n".join(sources)
    return [name for name, part in _available().items() if re.search(_likely(part), whole)]


def _likely(part: Part) -> bytes:
    names = rf"\b(?:{'|'.join(part.globals)})\b" if part.globals else ""
    return "|".join(filter(None, (names, part.mentions))).encode()


def definitions() -> str:
    """Return JavaScript that makes the global names of all parts load them."""
    found = [
        f"defineFrom({json.dumps([name, *part.globals])[1:-1]});"
        for name, part in _available().items()
        if part.globals
    ]
    name = "intl" if has_intl() else "no-intl"
    return "\n".join([*found, f'const localePart = "{name}";'])


@lru_cache(maxsize=len(PARTS))
def part_source(name: str) -> bytes:
    """Return the part *name* as a script; its value is a function of `library` and `part`."""
    from nexus.guest.js.web.source import text_of

    part = PARTS[name]
    text = "\n".join(text_of(file) for file in part.files)
    words = frozenset(_WORD.findall(text)) - set(_DECLARED.findall(text)) - {"part"}
    takes = [_take("library", words & library_names())]
    takes += [_take(f'part("{need}")', words & set(PARTS[need].exports)) for need in part.needs]
    exports = ", ".join(part.exports)
    body = "\n".join((*takes, text, f"return {{ {exports} }};"))
    return f'(function (library, part) {{ "use strict";\n{body} }})'.encode()


@lru_cache(maxsize=1)
def library_names() -> frozenset[str]:
    """Return the names of the prelude that some part uses."""
    from nexus.guest.js.web.source import prelude_text, text_of

    prelude = prelude_text()
    declared = {"host", *_DECLARED.findall(prelude)}
    for names in _TAKEN_APART.findall(prelude):
        declared.update(name.split(":")[-1].strip() for name in names.split(",") if name.strip())
    used = {
        word
        for part in PARTS.values()
        for file in part.files
        for word in _WORD.findall(text_of(file))
    }
    return frozenset(declared & used)


def _take(where: str, names: Iterable[str]) -> str:
    return f"const {{ {', '.join(sorted(names))} }} = {where};"
