"""The rarely used parts of the web API: scripts that are loaded at their first use.

A part is joined from files like the prelude, and is the prelude's for all it knows: it finds the
names that the prelude declares, and those that the parts in `needs` export. A snapshot has a part
only if the handler's sources mention one of its names (`parts_for`): set-up loads it then. Any
other handler that reaches the part, by a computed name, loads it anew in each request.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

_HERE: Final = Path(__file__).parent
_WORD: Final = re.compile(r"[A-Za-z_$][\w$]*")
_DECLARED: Final = re.compile(r"^(?:const|let|class|(?:async )?function\*?) ([\w$]+)", re.MULTILINE)
_TAKEN_APART: Final = re.compile(r"^(?:const|let) \{([^}]*)\} =", re.MULTILINE)


@dataclass(frozen=True)
class Part:
    """One part: its files in load order."""

    files: tuple[str, ...]
    exports: tuple[str, ...]
    """names that the prelude and other parts may use"""
    mentions: str
    """a regular expression: sources that match it are likely to use the part"""
    needs: tuple[str, ...] = ()
    """parts whose exports this one uses"""


PARTS: Final[Mapping[str, Part]] = {
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
        exports=("subtle", "CryptoKey", "SubtleCrypto"),
        mentions=r"\bsubtle\b|\b(CryptoKey|SubtleCrypto)\b",
    ),
}


def parts_for(sources: Iterable[bytes]) -> list[str]:
    """Return the names of the parts that *sources* are likely to use."""
    whole = b"\n".join(sources)
    return [name for name, part in PARTS.items() if re.search(part.mentions.encode(), whole)]


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
