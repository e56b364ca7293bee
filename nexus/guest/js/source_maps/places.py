"""The maps of all files of a handler, as bytes in its snapshot.

Set-up decodes them once and leaves them, compressed, in guest memory. The host reads them from the
snapshot, which no guest can write, once a stack mentions one of the files.
"""

from __future__ import annotations

import json
import re
import zlib
from array import array
from bisect import bisect_right
from collections.abc import Callable, Mapping
from functools import cached_property, lru_cache
from typing import Final, NamedTuple, TypeAlias

from nexus.guest.js.source_maps.decode import BadMap, Decoded, decode

Translate: TypeAlias = Callable[[str], str]
"""Replaces the places in a text by original ones"""

_LIKELY: Final = re.compile(r"\.m?[jt]s:[0-9]+:[0-9]")
_COLUMNS: Final = (("keys", "q", 8), ("source", "i", 4), ("line", "i", 4), ("column", "i", 4))


class Place(NamedTuple):
    """A place in an original file; line and column count from 1."""

    file: str
    line: int
    column: int
    content: str | None
    """the file's text, if it is known"""


class Places:
    """The original places of places in generated files."""

    def __init__(self, maps: Mapping[str, Decoded], wrong: Mapping[str, str]) -> None:
        """*wrong* maps a file whose map cannot be read to the reason."""
        self._maps, self._wrong = maps, wrong

    def original(self, file: str, line: int, column: int) -> Place | None:
        """Return the original of a place, if a map has it; lines and columns count from 1."""
        found = self._maps.get(file)
        if found is None:
            return None
        at = bisect_right(found.keys, (line - 1) << 32 | (column - 1)) - 1
        if at < 0 or found.keys[at] >> 32 != line - 1 or found.source[at] < 0:
            return None
        source = found.source[at]
        content = found.contents[source] if found.contents else None
        return Place(found.sources[source], found.line[at] + 1, found.column[at] + 1, content)

    @cached_property
    def _written(self) -> re.Pattern[str]:
        """Matches the places of files that have a map."""
        names = "|".join(map(re.escape, self._maps))
        return re.compile(rf"(?<![\w./-])({names}):([0-9]{{1,9}}):([0-9]{{1,9}})(?![0-9])")

    def translate(self, text: str) -> str:
        """Return *text* with original places, and a line for each map that cannot be read."""
        missing = dict.fromkeys(file for file in self._wrong if f"{file}:" in text)
        notes = [f"(the source map of {file} is left out: {self._wrong[file]})" for file in missing]
        if self._maps:
            text = self._written.sub(self._replaced, text)
        return "\n".join([text, *notes])

    def _replaced(self, found: re.Match[str]) -> str:
        place = self.original(found[1], int(found[2]), int(found[3]))
        return f"{place.file}:{place.line}:{place.column}" if place is not None else found[0]

    def pack(self) -> bytes:
        """Return the maps without the sources' texts as bytes, for `unpack`; empty if none."""
        if not self._maps and not self._wrong:
            return b""
        facts = {file: (found.sources, len(found.keys)) for file, found in self._maps.items()}
        parts = [json.dumps({"maps": facts, "wrong": self._wrong}).encode(), b"\n"]
        for found in self._maps.values():
            parts += [getattr(found, name).tobytes() for name, _, _ in _COLUMNS]
        return zlib.compress(b"".join(parts))


def read_places(maps: Mapping[str, bytes]) -> Places:
    """Return the places in the source maps *maps*, which are by the generated file's name."""
    decoded, wrong = {}, {}
    for name, content in maps.items():
        try:
            decoded[name] = decode(content, name)
        except BadMap as error:
            wrong[name] = str(error)
    return Places(decoded, wrong)


def translator(memory: bytes | memoryview, start: int, size: int) -> Translate:
    """Return a function that translates by the places packed in *memory*, if a text has one."""

    def translate(text: str) -> str:
        if _LIKELY.search(text) is None:
            return text
        return unpack(bytes(memory[start : start + size])).translate(text)

    return translate


@lru_cache(maxsize=4)
def unpack(packed: bytes) -> Places:
    """Return the places from which `Places.pack` made *packed*."""
    head, _, rest = zlib.decompress(packed).partition(b"\n")
    facts = json.loads(head)
    maps, start = {}, 0
    for file, (sources, count) in facts["maps"].items():
        maps[file] = found = Decoded(sources)
        for name, kind, size in _COLUMNS:
            setattr(found, name, array(kind, rest[start : start + count * size]))
            start += count * size
    return Places(maps, facts["wrong"])
