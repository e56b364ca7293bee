"""Skips over the immediates of instructions (core specification, 5.4).

Each function takes the position of the immediates and returns the one behind them. They raise
InvalidModule for malformed or unsupported code, and IndexError at the end of *data*.
"""

from __future__ import annotations

from nexus.errors import InvalidModule
from nexus.wasm.format.leb128 import read_signed, read_u32
from nexus.wasm.format.opcodes import SIMD_KINDS, SimdKind, refused_simd
from nexus.wasm.format.types import EMPTY_BLOCK, REFERENCE_TYPES, VALUE_TYPES, refused_type

_SIMD_BYTES = {SimdKind.PLAIN: 0, SimdKind.LANE: 1, SimdKind.BYTES16: 16}


def skip_index(data: bytes, pos: int, count: int, space: str) -> int:
    """Skip an index that must be below *count*, the size of the index space *space*."""
    index, end = read_u32(data, pos)
    if index >= count:
        raise InvalidModule(f"{space} {index} does not exist; there are {count}", pos)
    return end


def skip_block_type(data: bytes, pos: int, types: int) -> int:
    """Skip a block type: none, a value type, or the index of one of *types* function types."""
    byte = data[pos]
    if byte == EMPTY_BLOCK or byte in VALUE_TYPES:
        return pos + 1
    index, end = read_signed(data, pos, 33)
    if index < 0:
        raise refused_type(byte, pos)
    if index >= types:
        raise InvalidModule(f"type {index} does not exist; there are {types}", pos)
    return end


def skip_memory_index(data: bytes, pos: int) -> int:
    index, end = read_u32(data, pos)
    if index:
        raise InvalidModule("more than one memory: not supported", pos)
    return end


def skip_memarg(data: bytes, pos: int) -> int:
    # Bit 6 of the alignment announces a memory index (multi-memory proposal).
    flags, at = read_u32(data, pos)
    if 0x40 <= flags < 0x80:
        raise InvalidModule("more than one memory: not supported", pos)
    if flags >= 0x80:
        raise InvalidModule(f"an alignment of 2**{flags}", pos)
    return read_u32(data, at)[1]


def skip_reference_type(data: bytes, pos: int) -> int:
    if data[pos] not in REFERENCE_TYPES:
        raise refused_type(data[pos], pos)
    return pos + 1


def skip_value_types(data: bytes, pos: int) -> int:
    """Skip a vector of value types, such as a typed `select`'s."""
    count, pos = read_u32(data, pos)
    for _ in range(count):
        if data[pos] not in VALUE_TYPES:
            raise refused_type(data[pos], pos)
        pos += 1
    return pos


def skip_simd(data: bytes, pos: int) -> int:
    """Skip what follows a 0xFD prefix: the rest of the opcode and its immediates."""
    sub, at = read_u32(data, pos)
    kind = SimdKind(SIMD_KINDS[sub]) if sub < 0x100 else SimdKind.UNKNOWN
    if kind == SimdKind.UNKNOWN:
        raise refused_simd(sub, pos - 1)
    if kind == SimdKind.MEMARG:
        return skip_memarg(data, at)
    if kind == SimdKind.MEMARG_LANE:
        return skip_memarg(data, at) + 1
    return at + _SIMD_BYTES[kind]
