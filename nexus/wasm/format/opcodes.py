"""The immediates of each opcode (core specification, 5.4 "Instructions").

Two tables by opcode byte, `KINDS` for single-byte opcodes and `SIMD_KINDS` for those behind
0xFD, name the shape of the immediates. The scanner in `body.py` handles the first few kinds in
place; the kinds from `CONTROL` on have a method each. Opcodes of proposals that Nexus cannot meter
are refused by the proposal's name: passed through, they would escape the metering.
"""

from __future__ import annotations

from enum import IntEnum

from nexus.errors import InvalidModule


class Kind(IntEnum):
    """Shape of the immediates of an instruction."""

    PLAIN = 0
    """none"""
    LOCAL = 1
    """a local index"""
    MEMARG = 2
    """alignment and offset"""
    I32 = 3
    """a signed 32-bit number"""
    # From here on each kind has a method.
    I64 = 4
    F32 = 5
    F64 = 6
    CALL = 7
    CALL_INDIRECT = 8
    SELECT_TYPED = 9
    GLOBAL = 10
    TABLE_GET = 11
    TABLE_SET = 12
    MEMORY_SIZE = 13
    MEMORY_GROW = 14
    REF_NULL = 15
    REF_FUNC = 16
    MISC = 17
    """the 0xFC prefix"""
    SIMD = 18
    """the 0xFD prefix"""
    REFUSED = 19
    # From here on: kinds that cut code into segments.
    BLOCK = 20
    LOOP = 21
    IF = 22
    ELSE = 23
    END = 24
    BR = 25
    BR_IF = 26
    BR_TABLE = 27
    RETURN = 28


class SimdKind(IntEnum):
    """Shape of the immediates of an instruction behind 0xFD."""

    PLAIN = 0
    MEMARG = 1
    MEMARG_LANE = 2
    LANE = 3
    BYTES16 = 4
    UNKNOWN = 5


_TAIL_CALLS, _EXCEPTIONS, _GC = "tail calls", "exceptions", "garbage collection"
_TYPED_REFERENCES, _STACK_SWITCHING = "typed function references", "stack switching"

_REFUSED = {
    **dict.fromkeys((0x06, 0x07, 0x08, 0x09, 0x0A, 0x18, 0x19, 0x1F), _EXCEPTIONS),
    **dict.fromkeys((0x12, 0x13, 0x15), _TAIL_CALLS),
    **dict.fromkeys((0x14, 0xD4, 0xD5, 0xD6), _TYPED_REFERENCES),
    **dict.fromkeys((0xD3, 0xFB), _GC),
    **dict.fromkeys(range(0xE0, 0xE7), _STACK_SWITCHING),
    0xFE: "threads (atomic instructions)",
}

# Gaps in the SIMD opcode space, where instructions were dropped before the proposal was final.
_SIMD_GAPS = (
    *(0x9A, 0xA2, 0xA5, 0xA6, 0xAF, 0xB0, 0xB2, 0xB3, 0xB4, 0xBB),
    *(0xC2, 0xC5, 0xC6, 0xCF, 0xD0, 0xD2, 0xD3, 0xD4, 0xE2, 0xEE),
)


def refused_opcode(opcode: int, offset: int) -> InvalidModule:
    """Return the error for a single-byte opcode of kind REFUSED."""
    if opcode in _REFUSED:
        return InvalidModule(f"{_REFUSED[opcode]} (opcode {opcode:#04x}): not supported", offset)
    return InvalidModule(f"unknown opcode {opcode:#04x}", offset)


def refused_misc(sub: int, offset: int) -> InvalidModule:
    """Return the error for an unsupported opcode behind 0xFC."""
    if 0x13 <= sub <= 0x16:
        return InvalidModule(f"wide arithmetic (opcode 0xfc {sub:#04x}): not supported", offset)
    return InvalidModule(f"unknown opcode 0xfc {sub:#04x}", offset)


def refused_simd(sub: int, offset: int) -> InvalidModule:
    """Return the error for an unsupported opcode behind 0xFD."""
    if 0x100 <= sub <= 0x12F:
        return InvalidModule(f"relaxed SIMD (opcode 0xfd {sub:#05x}): not supported", offset)
    return InvalidModule(f"unknown opcode 0xfd {sub:#04x}", offset)


def _kinds() -> bytes:
    kinds = bytearray([Kind.REFUSED]) * 256
    ranges = (
        (0x00, 0x01, Kind.PLAIN),  # unreachable nop
        (0x0F, 0x0F, Kind.RETURN),
        (0x1A, 0x1B, Kind.PLAIN),  # drop select
        (0x45, 0xC4, Kind.PLAIN),  # comparisons, arithmetic, conversions, sign extension
        (0xD1, 0xD1, Kind.PLAIN),  # ref.is_null
        (0x02, 0x02, Kind.BLOCK),
        (0x03, 0x03, Kind.LOOP),
        (0x04, 0x04, Kind.IF),
        (0x05, 0x05, Kind.ELSE),
        (0x0B, 0x0B, Kind.END),
        (0x0C, 0x0C, Kind.BR),
        (0x0D, 0x0D, Kind.BR_IF),
        (0x0E, 0x0E, Kind.BR_TABLE),
        (0x10, 0x10, Kind.CALL),
        (0x11, 0x11, Kind.CALL_INDIRECT),
        (0x1C, 0x1C, Kind.SELECT_TYPED),
        (0x20, 0x22, Kind.LOCAL),
        (0x23, 0x24, Kind.GLOBAL),
        (0x25, 0x25, Kind.TABLE_GET),
        (0x26, 0x26, Kind.TABLE_SET),
        (0x28, 0x3E, Kind.MEMARG),
        (0x3F, 0x3F, Kind.MEMORY_SIZE),
        (0x40, 0x40, Kind.MEMORY_GROW),
        (0x41, 0x41, Kind.I32),
        (0x42, 0x42, Kind.I64),
        (0x43, 0x43, Kind.F32),
        (0x44, 0x44, Kind.F64),
        (0xD0, 0xD0, Kind.REF_NULL),
        (0xD2, 0xD2, Kind.REF_FUNC),
        (0xFC, 0xFC, Kind.MISC),
        (0xFD, 0xFD, Kind.SIMD),
    )
    for first, last, kind in ranges:
        kinds[first : last + 1] = bytes([kind]) * (last - first + 1)
    return bytes(kinds)


def _simd_kinds() -> bytes:
    kinds = bytearray([SimdKind.PLAIN]) * 256
    kinds[0x00:0x0C] = bytes([SimdKind.MEMARG]) * 12  # v128.load… v128.store
    kinds[0x0C] = kinds[0x0D] = SimdKind.BYTES16  # v128.const i8x16.shuffle
    kinds[0x15:0x23] = bytes([SimdKind.LANE]) * 14  # extract_lane replace_lane
    kinds[0x54:0x5C] = bytes([SimdKind.MEMARG_LANE]) * 8  # load_lane store_lane
    kinds[0x5C:0x5E] = bytes([SimdKind.MEMARG]) * 2  # load32_zero load64_zero
    for gap in _SIMD_GAPS:
        kinds[gap] = SimdKind.UNKNOWN
    return bytes(kinds)


KINDS = _kinds()
SIMD_KINDS = _simd_kinds()
