"""Recognises loops that count: see `counted.py`.

Compilers write few forms. The index is read, or was just written, where it is compared; the bound
is a constant or a local, on either side; without a comparison it is 0.
"""

from __future__ import annotations

from typing import NamedTuple

from nexus.wasm.format.instructions import Instruction, instructions
from nexus.wasm.format.leb128 import read_signed, read_u32
from nexus.wasm.format.misc import LAST_CONVERSION
from nexus.wasm.format.opcodes import KINDS, Kind
from nexus.wasm.metering.counted import NE, CountedLoop, Exit, i32_const

_GET, _SET, _TEE, _I32_CONST = 0x20, 0x21, 0x22, 0x41
_LT_S, _LT_U, _GT_S, _GT_U, _LE_S, _LE_U, _GE_S, _GE_U = range(0x48, 0x50)
_ADD, _SUB = 0x6A, 0x6B

_SWAPPED = {
    NE: NE, _LT_S: _GT_S, _LT_U: _GT_U, _GT_S: _LT_S, _GT_U: _LT_U,
    _LE_S: _GE_S, _LE_U: _GE_U, _GE_S: _LE_S, _GE_U: _LE_U,
}  # fmt: skip
"""Maps a comparison of `a, b` to the same one of `b, a`"""
_UP, _DOWN = (_LT_S, _LT_U, _LE_S, _LE_U), (_GT_S, _GT_U, _GE_S, _GE_U)

_MOST_BYTES = 4096
"""Larger loops are not examined"""
_MOST_STEP = 1 << 16
"""Largest step; times `CHUNK` it is less than 2^32"""

_KINDS = frozenset(
    (
        *(Kind.PLAIN, Kind.LOCAL, Kind.GLOBAL, Kind.MEMARG, Kind.I32, Kind.I64, Kind.F32, Kind.F64),
        *(Kind.BLOCK, Kind.IF, Kind.ELSE, Kind.END, Kind.BR, Kind.BR_IF, Kind.RETURN),
        *(Kind.MISC, Kind.SIMD),
    )
)
"""Instructions that a counted loop may contain: no calls, no loops, none with a length"""

_Span = tuple[int, int]


class Shape(NamedTuple):
    """A recognised loop: the parts of its counted form, and the bytes to replace."""

    local: int
    step: bytes
    constant: int
    down: bool
    bound: bytes
    comparison: int
    cuts: tuple[_Span, ...]
    """parts of the guest's code: its bound, its comparison; the new one replaces the last part"""

    def loop(self, weight: int, exits: tuple[Exit, ...], rounds: int, goal: int) -> CountedLoop:
        """Return the loop, with two i32 locals to use."""
        return CountedLoop(*self[:-1], weight, exits, rounds, goal)


def recognize(data: bytes, start: int, end: int) -> Shape | None:
    """Examine a loop's body up to its last instruction, a `br_if 0`; None: it does not count.

    The code must have been read before: nothing is checked here.
    """
    if end - start > _MOST_BYTES:
        return None
    code = _decode(data, start, end)
    if code is None or len(code) < 4:
        return None
    return _Recognizer(data, code).shape()


def _decode(data: bytes, pos: int, end: int) -> list[Instruction] | None:
    """Return the instructions; None if there is one that counted loops may not contain."""
    found = []
    for instruction in instructions(data, pos, end):
        opcode, start, _ = instruction
        kind = KINDS[opcode]
        if (
            not opcode
            or kind not in _KINDS
            or (kind == Kind.MISC and data[start + 1] > LAST_CONVERSION)
        ):
            return None
        found.append(instruction)
    return found


class _Recognizer:
    def __init__(self, data: bytes, code: list[Instruction]) -> None:
        self._data, self._code = data, code
        self._straight = 0
        """position behind the last control flow"""
        self._writes: dict[int, list[int]] = {}
        """positions of writes, by local"""
        for place, found in enumerate(code):
            if KINDS[found.opcode] >= Kind.BLOCK:
                self._straight = place + 1
            elif found.opcode in (_SET, _TEE):
                self._writes.setdefault(self._local(found), []).append(place)

    def shape(self) -> Shape | None:
        code = self._code
        last = len(code) - 1
        if code[last].opcode in (_GET, _TEE):
            behind = (code[last].end, code[last].end)
            return self._index(last, b"", NE, (behind,))
        comparison = code[last].opcode
        if comparison not in _SWAPPED:
            return None
        cut = (code[last].start, code[last].end)
        if self._is_fixed(last - 1):  # index, bound, comparison
            found = self._index(
                last - 2,
                self._text(last - 1),
                comparison,
                ((code[last - 1].start, cut[1]),),
            )
            if found is not None:
                return found
        # bound, index, comparison; the index is read, or written just before
        at = last - 2 if code[last - 1].opcode == _GET else last - 5
        if at < self._straight or not self._is_fixed(at):
            return None
        cuts = ((code[at].start, code[at].end), cut)
        return self._index(last - 1, self._text(at), _SWAPPED[comparison], cuts)

    def _index(
        self, place: int, bound: bytes, comparison: int, cuts: tuple[_Span, ...]
    ) -> Shape | None:
        """Return the shape if a counting local is at *place*, or was just written there."""
        if place < 3 or self._code[place].opcode not in (_GET, _TEE):
            return None
        index = self._local(self._code[place])
        writes = self._writes.get(index, [])
        if len(writes) != 1 or not self._straight + 3 <= writes[0] <= place:
            return None
        if self._code[place].opcode == _TEE and writes[0] != place:
            return None
        counts = self._count(writes[0], index)
        if counts is None:
            return None
        step, constant, down = counts
        fits = (comparison == NE and constant) or comparison in (_DOWN if down else _UP)
        return Shape(index, step, constant, down, bound, comparison, cuts) if fits else None

    def _count(self, write: int, index: int) -> tuple[bytes, int, bool] | None:
        """Return step, constant and direction of `index = index + step`, written at *write*."""
        first, second, operation = self._code[write - 3 : write]
        if operation.opcode == _ADD and self._is_index(second, index):
            at = write - 3
        elif operation.opcode in (_ADD, _SUB) and self._is_index(first, index):
            at = write - 2
        else:
            return None
        if not self._is_fixed(at):
            return None
        down = operation.opcode == _SUB
        if self._code[at].opcode == _GET:
            return self._text(at), 0, down
        constant = read_signed(self._data, self._code[at].start + 1, 32)[0]
        if not 0 < abs(constant) < _MOST_STEP:
            return None
        return i32_const(abs(constant)), abs(constant), down != (constant < 0)

    def _is_index(self, found: Instruction, index: int) -> bool:
        return found.opcode == _GET and self._local(found) == index

    def _is_fixed(self, place: int) -> bool:
        """Return whether a constant is at *place*, or a local that the loop does not write."""
        found = self._code[place]
        if found.opcode == _GET:
            return self._local(found) not in self._writes
        return found.opcode == _I32_CONST

    def _local(self, found: Instruction) -> int:
        return read_u32(self._data, found.start + 1)[0]

    def _text(self, place: int) -> bytes:
        return self._data[self._code[place].start : self._code[place].end]
