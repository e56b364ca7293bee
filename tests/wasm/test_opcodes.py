"""Every opcode, against the validator of wasmtime: what we accept it accepts, and as we read it.

Behind `unreachable` any instruction type-checks, so a module of one instruction between two of
them is valid exactly if opcode and immediates are.
"""

from __future__ import annotations

import pytest

from nexus.errors import InvalidModule
from nexus.wasm.format.leb128 import encode_unsigned
from nexus.wasm.format.opcodes import KINDS, SIMD_KINDS, Kind, SimdKind
from nexus.wasm.format.sections import DATA_COUNT, ELEMENT, GLOBAL, MEMORY, TABLE

from .binary import code_offset, function, vector
from .support import LIMITS, is_valid, rewrite

BEFORE = {
    TABLE: vector(b"\x70\0\x01", b"\x70\0\x01"),
    MEMORY: vector(b"\0\x01"),
    GLOBAL: vector(b"\x7f\x01\x41\0\x0b"),
    ELEMENT: vector(b"\x03\0\x01\0"),  # declares function 0, so that ref.func may name it
    DATA_COUNT: b"\x01",
}
AFTER = b"\x0b\x03\x01\x01\0"  # a data section of one empty passive segment

IMMEDIATES = {
    Kind.PLAIN: b"",
    Kind.RETURN: b"",
    Kind.LOCAL: b"\x01",
    Kind.MEMARG: b"\0\x80\x01",
    Kind.I32: b"\xff\xff\xff\xff\x7f",
    Kind.I64: b"\x80" * 9 + b"\x7f",
    Kind.F32: b"\x10" * 4,
    Kind.F64: b"\x10" * 8,
    Kind.BLOCK: b"\x7f\0\x0b",
    Kind.LOOP: b"\x40\x0b",
    Kind.IF: b"\x40\x0b",
    Kind.BR: b"\0",
    Kind.BR_IF: b"\0",
    Kind.BR_TABLE: b"\x01\0\0",
    Kind.CALL: b"\0",
    Kind.CALL_INDIRECT: b"\0\x01",
    Kind.SELECT_TYPED: b"\x01\x70",
    Kind.GLOBAL: b"\0",
    Kind.TABLE_GET: b"\x01",
    Kind.TABLE_SET: b"\x01",
    Kind.MEMORY_SIZE: b"\0",
    Kind.MEMORY_GROW: b"\0",
    Kind.REF_NULL: b"\x6f",
    Kind.REF_FUNC: b"\0",
}

SIMD_IMMEDIATES = {
    SimdKind.PLAIN: b"",
    SimdKind.MEMARG: b"\0\x7f",
    SimdKind.MEMARG_LANE: b"\0\x7f\x01",
    SimdKind.LANE: b"\x01",
    SimdKind.BYTES16: b"\x10" * 16,
}

MISC_IMMEDIATES = {
    **dict.fromkeys(range(8), b""),
    0x08: b"\0\0",
    0x09: b"\0",
    0x0A: b"\0\0",
    0x0B: b"\0",
    0x0C: b"\0\x01",
    0x0D: b"\0",
    0x0E: b"\0\x01",
    0x0F: b"\x01",
    0x10: b"\x01",
    0x11: b"\x01",
}

STRUCTURE = {0x05: "else", 0x0B: "end"}


def module(instruction: bytes) -> bytes:
    # The inner function has ten i32 locals; `unreachable` follows so that results may stay.
    code = b"\0" + instruction + b"\0\x0b"
    return function(code, locals=b"\x01\x0a\x7f", before=BEFORE) + AFTER


SINGLE = [n for n in range(256) if n not in STRUCTURE and n not in (0xFC, 0xFD)]


@pytest.mark.parametrize("opcode", SINGLE, ids=hex)
def test_single_byte_opcodes(opcode: int) -> None:
    kind = Kind(KINDS[opcode])
    if kind == Kind.REFUSED:
        with pytest.raises(InvalidModule, match=r"not supported|unknown opcode") as caught:
            rewrite(module(bytes([opcode]) + b"\0" * 16), LIMITS)
        assert f"{opcode:#04x}" in caught.value.reason
        return
    wasm = module(bytes([opcode]) + IMMEDIATES[kind])
    assert is_valid(wasm)
    assert is_valid(rewrite(wasm, LIMITS)[0])


@pytest.mark.parametrize("sub", range(0x100), ids=hex)
def test_simd_opcodes(sub: int) -> None:
    kind = SimdKind(SIMD_KINDS[sub])
    prefix = b"\xfd" + encode_unsigned(sub)
    if kind == SimdKind.UNKNOWN:
        wasm = module(prefix)
        with pytest.raises(InvalidModule, match=f"unknown opcode 0xfd {sub:#04x}") as caught:
            rewrite(wasm, LIMITS)
        assert caught.value.offset == code_offset(wasm, prefix + b"\0\x0b" + AFTER)
        assert not is_valid(wasm)
        return
    wasm = module(prefix + SIMD_IMMEDIATES[kind])
    assert is_valid(wasm)
    assert is_valid(rewrite(wasm, LIMITS)[0])


@pytest.mark.parametrize("sub", range(0x20), ids=hex)
def test_opcodes_behind_0xfc(sub: int) -> None:
    prefix = b"\xfc" + encode_unsigned(sub)
    if sub not in MISC_IMMEDIATES:
        with pytest.raises(InvalidModule, match=f"opcode 0xfc {sub:#04x}"):
            rewrite(module(prefix + b"\0\0"), LIMITS)
        return
    wasm = module(prefix + MISC_IMMEDIATES[sub])
    assert is_valid(wasm)
    assert is_valid(rewrite(wasm, LIMITS)[0])


def test_padded_opcodes_behind_a_prefix() -> None:
    """The number behind a prefix is LEB128: the same one in five bytes is the same opcode."""
    for wasm in (module(b"\xfc\x8b\x80\x80\x80\x00\x00"), module(b"\xfd\xc0\x81\x80\x80\x00")):
        assert is_valid(wasm)
        assert is_valid(rewrite(wasm, LIMITS)[0])
