"""Value types and function types (core specification, 5.3 "Types")."""

from __future__ import annotations

from nexus.errors import InvalidModule
from nexus.model import FuncType
from nexus.wasm.format.reader import Reader

I64 = 0x7E
FUNCREF, EXTERNREF = 0x70, 0x6F
EMPTY_BLOCK = 0x40

NUMBER_TYPES = {0x7F: "i32", I64: "i64", 0x7D: "f32", 0x7C: "f64"}
REFERENCE_TYPES = {FUNCREF: "funcref", EXTERNREF: "externref"}
VALUE_TYPES = {**NUMBER_TYPES, 0x7B: "v128", **REFERENCE_TYPES}

MAX_ARITY = 1000
"""Limit on parameters and results of one type together; JavaScript's API allows 1000 of each"""

_TYPED_REFERENCES, _EXCEPTIONS, _GC = (
    "typed function references",
    "exceptions",
    "garbage collection",
)
_STACK_SWITCHING = "stack switching"

_REFUSED_TYPES = {
    **dict.fromkeys((0x63, 0x64), _TYPED_REFERENCES),
    **dict.fromkeys((0x69, 0x74), _EXCEPTIONS),
    **dict.fromkeys((0x68, 0x75), _STACK_SWITCHING),
    **dict.fromkeys((0x65, *range(0x6A, 0x6F), *range(0x71, 0x74), 0x77, 0x78), _GC),
}

_REFUSED_FORMS = {
    **dict.fromkeys((0x4C, 0x4D, 0x4E, 0x4F, 0x50, 0x5E, 0x5F), _GC),
    0x5D: _STACK_SWITCHING,
}


def refused_type(byte: int, offset: int) -> InvalidModule:
    """Return the error for a byte that should be a value type and is not a supported one."""
    if byte in _REFUSED_TYPES:
        return InvalidModule(f"{_REFUSED_TYPES[byte]} (type {byte:#04x}): not supported", offset)
    if byte < EMPTY_BLOCK:  # a type index, in place of a heap type
        return InvalidModule(f"{_TYPED_REFERENCES} (to type {byte}): not supported", offset)
    return InvalidModule(f"unknown value type {byte:#04x}", offset)


def read_value_type(reader: Reader) -> str:
    at = reader.pos
    byte = reader.byte()
    if byte not in VALUE_TYPES:
        raise refused_type(byte, at)
    return VALUE_TYPES[byte]


def read_reference_type(reader: Reader) -> int:
    at = reader.pos
    byte = reader.byte()
    if byte not in REFERENCE_TYPES:
        raise refused_type(byte, at)
    return byte


def read_function_types(reader: Reader) -> list[FuncType]:
    """Read the type section's vector of function types."""
    found: list[FuncType] = []
    for _ in range(reader.u32()):
        at = reader.pos
        form = reader.byte()
        if form in _REFUSED_FORMS:
            raise InvalidModule(f"{_REFUSED_FORMS[form]} (type {form:#04x}): not supported", at)
        if form != 0x60:
            raise InvalidModule(f"unknown type form {form:#04x}", at)
        found.append(FuncType(_read_value_types(reader), _read_value_types(reader)))
        if len(found[-1].params) + len(found[-1].results) > MAX_ARITY:
            raise InvalidModule(f"a type has over {MAX_ARITY} parameters and results", at)
    return found


def _read_value_types(reader: Reader) -> tuple[str, ...]:
    return tuple([read_value_type(reader) for _ in range(reader.u32())])
