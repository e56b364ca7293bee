"""Constant expressions (core specification, 3.3.13 and 5.4.9 "Expressions").

They initialise globals and place segments. Only `ref.func` in them has to be changed.
"""

from __future__ import annotations

from nexus.errors import InvalidModule
from nexus.wasm.format.layout import Layout
from nexus.wasm.format.opcodes import KINDS, Kind, refused_opcode
from nexus.wasm.format.reader import Reader
from nexus.wasm.format.types import read_reference_type

_I32_CONST, _I64_CONST, _F32_CONST, _F64_CONST = 0x41, 0x42, 0x43, 0x44
_GLOBAL_GET, _REF_NULL, _REF_FUNC, _SIMD, _END = 0x23, 0xD0, 0xD2, 0xFD, 0x0B
_V128_CONST = 0x0C
_ARITHMETIC = (0x6A, 0x6B, 0x6C, 0x7C, 0x7D, 0x7E)  # i32 and i64: add sub mul


def copy_constant(reader: Reader, layout: Layout, out: bytearray) -> None:
    """Copy one expression up to its `end` to *out*, with functions renumbered.

    Raises: InvalidModule if it holds an instruction that is not constant.
    """
    start = reader.pos
    while (opcode := reader.byte()) != _END:
        if opcode == _REF_FUNC:
            out += reader.data[start : reader.pos]
            at = reader.pos
            out += layout.reference(reader.u32(), at)
            start = reader.pos
        else:
            _skip_immediates(opcode, reader, layout)
    out += reader.data[start : reader.pos]


def _skip_immediates(opcode: int, reader: Reader, layout: Layout) -> None:
    at = reader.pos - 1
    if opcode == _I32_CONST:
        reader.signed(32)
    elif opcode == _I64_CONST:
        reader.signed(64)
    elif opcode == _F32_CONST:
        reader.bytes(4)
    elif opcode == _F64_CONST:
        reader.bytes(8)
    elif opcode == _GLOBAL_GET:
        reader.index(layout.globals, "global")
    elif opcode == _REF_NULL:
        read_reference_type(reader)
    elif opcode == _SIMD and reader.u32() == _V128_CONST:
        reader.bytes(16)
    elif opcode in _ARITHMETIC:
        raise InvalidModule("extended constant expressions: not supported", at)
    elif KINDS[opcode] == Kind.REFUSED:
        raise refused_opcode(opcode, at)
    else:
        raise InvalidModule(f"opcode {opcode:#04x} in a constant expression", at)
