"""Exports and the start function (core specification, 5.5.10 and 5.5.11)."""

from __future__ import annotations

from nexus.errors import InvalidModule
from nexus.model import Export, FuncType
from nexus.wasm.format.layout import Layout
from nexus.wasm.format.leb128 import encode_unsigned
from nexus.wasm.format.names import RESERVED_PREFIX
from nexus.wasm.format.reader import Reader

MAX_EXPORTS = 10_000

FUNCTION, TABLE, MEMORY, GLOBAL = range(4)
_KINDS = ("func", "table", "memory", "global")
_TAG = 4


def encode_export(name: str, kind: int, index: int) -> bytes:
    raw = name.encode()
    return encode_unsigned(len(raw)) + raw + bytes((kind,)) + encode_unsigned(index)


def rewrite_exports(
    reader: Reader, layout: Layout, added: list[bytes]
) -> tuple[bytes, tuple[Export, ...]]:
    """Renumber exported functions and append *added*; return the payload and the guest's exports.

    Raises: InvalidModule for a name that is used twice or reserved.
    """
    at = reader.pos
    count = reader.u32()
    if count > MAX_EXPORTS:
        raise InvalidModule(f"{count} exports; the limit is {MAX_EXPORTS}", at)
    out = [encode_unsigned(count + len(added))]
    found: dict[str, Export] = {}
    for _ in range(count):
        at = reader.pos
        name = reader.name()
        if name in found:
            raise InvalidModule(f"the export name {name!r} is used twice", at)
        if name.startswith(RESERVED_PREFIX):
            raise InvalidModule(f"the export name {name!r} is reserved", at)
        kind, index, function_type = _read_target(reader, layout)
        found[name] = Export(name, _KINDS[kind], function_type)
        out.append(encode_export(name, kind, index))
    return b"".join(out + added), tuple(found.values())


def rewrite_start(reader: Reader, layout: Layout) -> bytes:
    """Make our function the start function; it calls the guest's."""
    at = reader.pos
    layout.start = layout.entrance(reader.u32(), at)
    return encode_unsigned(layout.start_wrapper)


def _read_target(reader: Reader, layout: Layout) -> tuple[int, int, FuncType | None]:
    at = reader.pos
    kind = reader.byte()
    if kind == _TAG:
        raise InvalidModule("exceptions (an exported tag): not supported", at)
    if kind > GLOBAL:
        raise InvalidModule(f"unknown kind of export {kind:#04x}", at)
    at = reader.pos
    if kind == FUNCTION:
        index = reader.u32()
        return kind, layout.entrance(index, at), layout.signature(index)
    sizes = {TABLE: layout.tables, MEMORY: layout.memories, GLOBAL: layout.globals}
    return kind, reader.index(sizes[kind], _KINDS[kind]), None
