"""Element and data segments (core specification, 5.5.12 and 5.5.14)."""

from __future__ import annotations

from nexus.errors import InvalidModule
from nexus.wasm.format.constants import copy_constant
from nexus.wasm.format.layout import Layout
from nexus.wasm.format.leb128 import encode_unsigned
from nexus.wasm.format.reader import Reader
from nexus.wasm.format.types import read_reference_type

# The kind of an element segment, 0 to 7, is three bits.
_NOT_ACTIVE, _EXPLICIT, _EXPRESSIONS = 1, 2, 4
_PASSIVE, _INDEXED = 1, 2


def rewrite_elements(reader: Reader, layout: Layout) -> bytes:
    """Renumber the functions in all element segments, indices and expressions alike."""
    count = reader.u32()
    out = bytearray(encode_unsigned(count))
    for _ in range(count):
        _copy_segment(reader, layout, out)
    return bytes(out)


def _copy_segment(reader: Reader, layout: Layout, out: bytearray) -> None:
    start = reader.pos
    kind = reader.u32()
    if kind > 7:
        raise InvalidModule(f"unknown kind {kind} of element segment", start)
    active = not kind & _NOT_ACTIVE
    if active and kind & _EXPLICIT:
        reader.u32()  # table index
    out += reader.data[start : reader.pos]
    if active:
        copy_constant(reader, layout, out)
    if kind & (_NOT_ACTIVE | _EXPLICIT):
        out.append(_read_element_type(reader, expressions=bool(kind & _EXPRESSIONS)))
    size = reader.u32()
    out += encode_unsigned(size)
    if kind & _EXPRESSIONS:
        for _ in range(size):
            copy_constant(reader, layout, out)
    else:
        for _ in range(size):
            at = reader.pos
            out += layout.reference(reader.u32(), at)


def _read_element_type(reader: Reader, *, expressions: bool) -> int:
    if expressions:
        return read_reference_type(reader)
    at = reader.pos
    kind = reader.byte()
    if kind != 0:
        raise InvalidModule(f"unknown kind {kind:#04x} of elements", at)
    return kind


def check_data(reader: Reader, layout: Layout, declared: int | None) -> None:
    """Read the data section, which is not changed; *declared*: the data count section's number.

    Raises: InvalidModule if it is malformed or the number of segments differs from *declared*.
    """
    at = reader.pos
    count = reader.u32()
    if declared is not None and count != declared:
        raise InvalidModule(f"{count} data segments; the data count section says {declared}", at)
    for _ in range(count):
        at = reader.pos
        kind = reader.u32()
        if kind > _INDEXED:
            raise InvalidModule(f"unknown kind {kind} of data segment", at)
        if kind == _INDEXED:
            at = reader.pos
            if reader.u32() != 0:
                raise InvalidModule("more than one memory: not supported", at)
        if kind != _PASSIVE:
            copy_constant(reader, layout, bytearray())
        reader.skip(reader.u32())
