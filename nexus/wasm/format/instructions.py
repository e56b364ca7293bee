"""Iterates over code that was read before, and is known to be well-formed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from nexus.wasm.format.immediates import skip_block_type, skip_simd, skip_value_types
from nexus.wasm.format.leb128 import read_u32, skip_signed
from nexus.wasm.format.misc import LAST_CONVERSION, MISC
from nexus.wasm.format.opcodes import KINDS, Kind

_ANY = 1 << 32
"""no limit on type indices: the types of blocks were checked before"""


class Instruction(NamedTuple):
    """One instruction, from its opcode to behind its immediates."""

    opcode: int
    start: int
    end: int


def instructions(data: bytes, pos: int, end: int) -> Iterator[Instruction]:
    """Yield the instructions of `data[pos:end]` in order."""
    while pos < end:
        start = pos
        pos = _SKIPS[KINDS[data[start]]](data, start + 1)
        yield Instruction(data[start], start, pos)


def _indices(count: int) -> Callable[[bytes, int], int]:
    def skip(data: bytes, pos: int) -> int:
        for _ in range(count):
            pos = read_u32(data, pos)[1]
        return pos

    return skip


def _bytes(count: int) -> Callable[[bytes, int], int]:
    return lambda _, pos: pos + count


def _skip_labels(data: bytes, pos: int) -> int:
    count, pos = read_u32(data, pos)
    return _indices(count + 1)(data, pos)


def _skip_misc(data: bytes, pos: int) -> int:
    sub, pos = read_u32(data, pos)
    if sub <= LAST_CONVERSION:
        return pos
    return _indices(MISC[sub].indices + MISC[sub].memories)(data, pos)


def _skip_number(data: bytes, pos: int) -> int:
    return skip_signed(data, pos, 64)


def _skip_type(data: bytes, pos: int) -> int:
    return skip_block_type(data, pos, _ANY)


_SKIPS: dict[int, Callable[[bytes, int], int]] = {
    **dict.fromkeys((Kind.PLAIN, Kind.ELSE, Kind.END, Kind.RETURN), _bytes(0)),
    **dict.fromkeys((Kind.LOCAL, Kind.GLOBAL, Kind.TABLE_GET, Kind.TABLE_SET), _indices(1)),
    **dict.fromkeys((Kind.BR, Kind.BR_IF, Kind.CALL, Kind.REF_FUNC), _indices(1)),
    **dict.fromkeys((Kind.MEMORY_SIZE, Kind.MEMORY_GROW), _indices(1)),
    **dict.fromkeys((Kind.MEMARG, Kind.CALL_INDIRECT), _indices(2)),
    **dict.fromkeys((Kind.I32, Kind.I64), _skip_number),
    **dict.fromkeys((Kind.BLOCK, Kind.LOOP, Kind.IF), _skip_type),
    Kind.F32: _bytes(4),
    Kind.F64: _bytes(8),
    Kind.REF_NULL: _bytes(1),
    Kind.SELECT_TYPED: skip_value_types,
    Kind.BR_TABLE: _skip_labels,
    Kind.MISC: _skip_misc,
    Kind.SIMD: skip_simd,
}
