"""Cuts a long array of JSON into pieces that a guest can parse and drop one by one.

A guest that parses the text whole has it in memory beside all values made of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

MOST_PIECES: Final = 7
PIECE_BYTES: Final = 1 << 20
_LOOK_BYTES: Final = 64 << 10
"""how far to look for the end of a record"""

_FIRST_KEY: Final = re.compile(
    rb'\s{0,9}\[\s{0,99}\{\s{0,99}("(?:[^"\\]|\\.){0,99}")\s{0,9}:', re.DOTALL
)


def pieces_of(text: bytes) -> Sequence[bytes]:
    """Return pieces of *text*, which make it up when joined: one, unless it looks like a long array
    of records.

    Each piece but the last ends with a comma that follows a record and precedes one with the same
    first key. That is a guess: such records may also lie deeper in the text. If a piece, put in
    brackets, is valid JSON, the guess was right.
    """
    first = _FIRST_KEY.match(text)
    if len(text) < 2 * PIECE_BYTES or first is None:
        return (text,)
    between = re.compile(rb"\}\s{0,99},(?=\s{0,99}\{\s{0,99}" + re.escape(first[1]) + rb"\s{0,9}:)")
    size = max(PIECE_BYTES, len(text) // MOST_PIECES + 1)
    pieces, start = [], 0
    while len(text) - start > size:
        cut = between.search(text, start + size, start + size + _LOOK_BYTES)
        if cut is None:
            break
        pieces.append(text[start : cut.end()])
        start = cut.end()
    pieces.append(text[start:])
    return pieces
