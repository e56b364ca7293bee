"""Reads one source map, version 3 (ECMA-426).

Written here because the libraries for it on PyPI have had no release since 2017.
"""

from __future__ import annotations

import json
import posixpath
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

_DIGITS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_VALUES: Final = {digit: value for value, digit in enumerate(_DIGITS)}
_MORE, _BITS = 32, 5
_MOST_BITS: Final = 35
MAX_SEGMENTS: Final = 500_000
"""segments of one map, for some 5 MB of minified code; to translate with them takes 10 MB"""
_NOWHERE: Final = -1


class BadMap(ValueError):
    """The source map cannot be read; the message says why."""


@dataclass
class Decoded:
    """A map's segments, by rising place in the generated file; all numbers count from 0."""

    sources: list[str] = field(default_factory=list)
    contents: list[str | None] = field(default_factory=list)
    """the text of each source, if the map has it"""
    keys: array[int] = field(default_factory=lambda: array("q"))
    """line << 32 | column, in the generated file"""
    source: array[int] = field(default_factory=lambda: array("i"))
    """index in `sources`; -1: the place is in none of them"""
    line: array[int] = field(default_factory=lambda: array("i"))
    column: array[int] = field(default_factory=lambda: array("i"))


def decode(content: bytes, name: str) -> Decoded:
    """Return the source map *content* of the file *name*.

    Raises: BadMap.
    """
    if content.startswith(b")]}'"):  # guards JSON against being run as a script
        content = content.partition(b"\n")[2]
    decoded = Decoded()
    try:
        found = json.loads(content)
        if not isinstance(found, dict):
            raise BadMap("it is not a JSON object")
        for section in found.get("sections", ({"offset": {"line": 0, "column": 0}, "map": found},)):
            offset = section["offset"]
            _add(decoded, section["map"], int(offset["line"]), int(offset["column"]), name)
    except (KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise BadMap(f"its fields are wrong: {type(error).__name__}: {error}") from error
    except ValueError as error:
        raise error if isinstance(error, BadMap) else BadMap(f"it is not JSON: {error}") from error
    return decoded


def _add(decoded: Decoded, found: Any, line: int, column: int, name: str) -> None:
    """Add the map *found*, which begins at *line* and *column*, to *decoded*."""
    if found.get("version") != 3:
        raise BadMap(f"its version is {found.get('version')!r}; allowed: 3")
    first, sources = len(decoded.sources), found["sources"]
    contents = found.get("sourcesContent") or []
    for number, source in enumerate(sources):
        decoded.sources.append(_path(found.get("sourceRoot") or "", source, name))
        decoded.contents.append(contents[number] if number < len(contents) else None)
    for segment in _segments(found["mappings"]):
        at_line, at_column, source, of_line, of_column = segment
        at_column += column if at_line == 0 else 0
        if at_line + line < 0 or at_column < 0 or source >= len(sources):
            raise BadMap("a segment lies outside its file, or names no source")
        decoded.keys.append((at_line + line) << 32 | at_column)
        decoded.source.append(first + source if source >= 0 else _NOWHERE)
        decoded.line.append(of_line)
        decoded.column.append(of_column)
        if len(decoded.keys) > MAX_SEGMENTS:
            raise BadMap(f"it has more than {MAX_SEGMENTS} segments")
    _sort(decoded)


def _segments(mappings: str) -> Iterator[tuple[int, int, int, int, int]]:
    """Yield (line, column) in the generated file, then (source, line, column) in the original."""
    source = line = column = 0
    known: dict[str, tuple[int, ...]] = {}  # most segments of a map are alike
    for at_line, segments in enumerate(mappings.split(";")):
        at_column = 0
        for text in segments.split(","):
            fields = known.get(text)
            if fields is None:
                fields = known[text] = tuple(_numbers(text))
            if fields:
                at_column += fields[0]
            if len(fields) >= 4:
                source, line, column = source + fields[1], line + fields[2], column + fields[3]
                yield at_line, at_column, source, line, column
            elif fields:
                yield at_line, at_column, _NOWHERE, 0, 0


def _numbers(text: str) -> Iterator[int]:
    """Yield the numbers of a segment, which are base64 VLQ."""
    value = shift = 0
    for digit in text:
        bits = _VALUES.get(digit)
        if bits is None or shift > _MOST_BITS:
            raise BadMap(f"its mappings are not base64 VLQ: {digit!r}")
        value |= (bits & _MORE - 1) << shift
        shift += _BITS
        if not bits & _MORE:
            yield -(value >> 1) if value & 1 else value >> 1
            value = shift = 0


def _sort(decoded: Decoded) -> None:
    """Sort the segments; most makers of maps write them in order."""
    keys = decoded.keys
    if all(keys[i] <= keys[i + 1] for i in range(len(keys) - 1)):
        return
    order = sorted(range(len(keys)), key=keys.__getitem__)
    for name in ("keys", "source", "line", "column"):
        values: array[int] = getattr(decoded, name)
        setattr(decoded, name, array(values.typecode, [values[i] for i in order]))


def _path(root: str, source: str | None, name: str) -> str:
    """Return the path of *source* below the handlers folder, or its URL."""
    if source is None:
        return name
    whole = f"{root.rstrip('/')}/{source}" if root else source
    if ":" in whole or whole.startswith("/"):
        return whole
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), whole))
