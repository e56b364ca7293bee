"""Writes metrics as lines of the protocol, and packs lines into datagrams.

DogStatsD: `NAME:VALUE|TYPE|@RATE|#TAG:VALUE,...`. Plain StatsD has no tags and rejects a line with
tags, so there the tags' values become parts of the name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

Tags = Mapping[str, str]
COUNT, GAUGE, TIME = "c", "g", "ms"

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.]")
_NOT_IN_TAGS = re.compile(r"[^A-Za-z0-9_./:-]")
_NOT_IN_PARTS = re.compile(r"[^A-Za-z0-9_-]")
_LONGEST = 200  # characters of a tag; Datadog cuts longer ones, too


class Dialect:
    """Writes one metric as one line."""

    def __init__(self, prefix: str, constant: Tags, *, tagged: bool) -> None:
        """*constant* tags are added to each metric; *tagged*: the agent supports tags."""
        self._prefix = prefix.strip(".") + "." if prefix.strip(".") else ""
        self._constant, self._tagged = dict(constant), tagged

    def line(
        self, name: str, value: float, kind: str, tags: Tags | None = None, rate: float = 1.0
    ) -> str:
        """Return one metric as a line; *rate* is the share of its values that is sent."""
        full = self._prefix + _NOT_IN_NAMES.sub("_", name)
        every = {**self._constant, **(tags or {})}
        end = f"|@{_number(rate)}" if rate < 1 else ""
        if self._tagged:
            if every:
                end += "|#" + ",".join(_tag(key, text) for key, text in every.items())
        else:
            full = ".".join([full, *(_NOT_IN_PARTS.sub("_", text) for text in every.values())])
        return f"{full}:{_number(value)}|{kind}{end}"


def datagrams(lines: Iterable[str], most_bytes: int) -> Iterator[bytes]:
    """Pack *lines*, in their order, into as few datagrams of up to *most_bytes* as possible. Leave
    out a longer line: its parts would be invalid lines."""
    packed: list[bytes] = []
    size = 0
    for line in lines:
        encoded = line.encode("ascii")
        if len(encoded) > most_bytes:
            continue
        if packed and size + 1 + len(encoded) > most_bytes:
            yield b"\n".join(packed)
            packed, size = [], 0
        size += len(encoded) + bool(packed)
        packed.append(encoded)
    if packed:
        yield b"\n".join(packed)


def _tag(key: str, value: str) -> str:
    return f"{_NOT_IN_TAGS.sub('_', key)}:{_NOT_IN_TAGS.sub('_', value)}"[:_LONGEST]


def _number(value: float) -> str:
    """Return the number as text without an exponent, which not every agent reads."""
    if value == int(value):
        return str(int(value))
    return f"{value:.6f}".rstrip("0").rstrip(".")
