"""Imports, functions, tables, memories and globals (core specification, 5.5.5 to 5.5.9).

Each function reads one section, updates the layout, and returns the section's new payload.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from nexus.errors import InvalidModule
from nexus.model import Import
from nexus.wasm.format.constants import copy_constant
from nexus.wasm.format.layout import Layout
from nexus.wasm.format.leb128 import encode_unsigned, read_u32
from nexus.wasm.format.limits import (
    MAX_PAGES,
    MAX_TABLES,
    PAGE_BYTES,
    Limits,
    RewriteLimits,
    read_limits,
)
from nexus.wasm.format.names import (
    CHECKPOINT,
    CHECKPOINT_MODULE,
    CHECKPOINT_NAME,
    MEMORY_MODULE,
    MEMORY_NAME,
)
from nexus.wasm.format.reader import Reader
from nexus.wasm.format.types import (
    VALUE_TYPES,
    read_function_types,
    read_reference_type,
    refused_type,
)

MAX_IMPORTS = 1000

_FUNCTION, _TABLE, _MEMORY, _GLOBAL, _TAG = range(5)
_REFUSED_IMPORTS = {
    _TABLE: "imports a table, which Nexus does not provide",
    _MEMORY: "imports a memory, which Nexus does not provide",
    _GLOBAL: "imports a global, which Nexus does not provide",
    _TAG: "exceptions (an imported tag): not supported",
}

_CHECKPOINT_TYPE = b"\x60\x01\x7e\x01\x7e"  # (i64) -> (i64)
_REFILL_TYPE = b"\x60\x00\x00"  # () -> ()
_TABLE_TYPES = (b"\x60\x05" + b"\x7f" * 5 + b"\x01\x7f", b"\x60\x04" + b"\x7f" * 4 + b"\x01\x7f")
"""Types of the function that calls a function of table 0, and of its callee"""
_FUEL = _DEPTH = b"\x7e\x01\x42\x00\x0b"  # mutable i64, initially 0


class Global(NamedTuple):
    """A global the guest defines."""

    type: int
    mutable: bool


def extended(reader: Reader, first: int, count: int, *added: bytes) -> bytes:
    """Return a vector with *count* entries, read from *first* on, and *added* behind them."""
    return b"".join((encode_unsigned(count + len(added)), reader.data[first : reader.end], *added))


def rewrite_types(reader: Reader, layout: Layout, *, table: bool = False) -> bytes:
    """Append our types; *table*: also those of calls through table 0."""
    count, first = _peek_count(reader)
    layout.types = read_function_types(reader)
    ours = (_CHECKPOINT_TYPE, _REFILL_TYPE, *(_TABLE_TYPES if table else ()))
    return extended(reader, first, count, *ours)


def rewrite_imports(reader: Reader, layout: Layout) -> tuple[bytes, tuple[Import, ...]]:
    count, first = reader.u32(), reader.pos
    if count > MAX_IMPORTS:
        raise InvalidModule(f"{count} imports; the limit is {MAX_IMPORTS}", first)
    imports = tuple([_read_import(reader, layout) for _ in range(count)])
    layout.imported_functions = len(layout.function_types)
    ours = b"".join(
        (
            _encode_name(CHECKPOINT_MODULE),
            _encode_name(CHECKPOINT_NAME),
            bytes((_FUNCTION,)),
            encode_unsigned(layout.checkpoint_type),
        )
    )
    return extended(reader, first, count, ours), imports


def with_memory(imports: bytes, memory: Limits) -> bytes:
    """Return the import section *imports* with a memory of the host behind the functions."""
    count, first = read_u32(imports, 0)
    name = _encode_name(MEMORY_MODULE) + _encode_name(MEMORY_NAME)
    added = name + bytes((_MEMORY,)) + memory.encode()
    return encode_unsigned(count + 1) + imports[first:] + added


def rewrite_functions(reader: Reader, layout: Layout, ours: int, *, table: bool = False) -> bytes:
    """Read the functions' types; append *ours* without parameters and results, with *table* the one
    that calls a function of table 0, and those that call `host_entered`.

    Raises: InvalidModule if one of these does not exist.
    """
    count, first = reader.u32(), reader.pos
    types, found = len(layout.types), layout.function_types
    for _ in range(count):
        found.append(reader.index(types, "type"))
    added = [encode_unsigned(layout.refill_type)] * ours
    if table:
        added.append(encode_unsigned(layout.entrance_type))
    for index in layout.host_entered:
        layout.entrance(index, first)
        added.append(encode_unsigned(found[index]))
    return extended(reader, first, count, *added)


def rewrite_tables(reader: Reader, layout: Layout, limits: RewriteLimits) -> bytes:
    """Clamp the maximum of each table.

    Raises: InvalidModule if a minimum is above the limit.
    """
    at, ceiling = reader.pos, limits.table_elements
    layout.tables = reader.u32()
    if layout.tables > MAX_TABLES:
        raise InvalidModule(f"{layout.tables} tables; the limit is {MAX_TABLES}", at)
    out = bytearray(encode_unsigned(layout.tables))
    for _ in range(layout.tables):
        at = reader.pos
        if reader.data[at : at + 2] == b"\x40\x00":
            raise InvalidModule(
                "typed function references (a table with an initialiser): not supported", at
            )
        out.append(read_reference_type(reader))
        declared = read_limits(reader)
        if declared.minimum > ceiling:
            raise InvalidModule(
                f"a table of at least {declared.minimum} elements; the limit is {ceiling}", at
            )
        out += declared.clamped(ceiling).encode()
    return bytes(out)


def rewrite_memories(
    reader: Reader, layout: Layout, limits: RewriteLimits
) -> tuple[bytes, Limits | None]:
    """Clamp the maximum of the memory; return the payload and the new limits, if there is one.

    Raises: InvalidModule if the minimum is above the limit.
    """
    at, ceiling = reader.pos, limits.memory_pages
    layout.memories = reader.u32()
    if layout.memories > 1:
        raise InvalidModule("more than one memory: not supported", at)
    if layout.memories == 0:
        return b"\0", None
    at = reader.pos
    declared = read_limits(reader)
    if max(declared.minimum, declared.maximum or 0) > MAX_PAGES:
        raise InvalidModule(f"a memory of over {MAX_PAGES} pages", at)
    if declared.minimum > ceiling:
        raise InvalidModule(
            f"the memory needs at least {_pages(declared.minimum)}; the limit is {_pages(ceiling)}",
            at,
        )
    clamped = declared.clamped(ceiling)
    return b"\x01" + clamped.encode(), clamped


def read_globals(reader: Reader, layout: Layout) -> tuple[bytes, list[Global]]:
    """Return the guest's globals, as declared without their number, and their types."""
    layout.globals = count = reader.u32()
    out = bytearray()
    found = []
    for _ in range(count):
        start = reader.pos
        found.append(_read_global_type(reader))
        out += reader.data[start : reader.pos]
        copy_constant(reader, layout, out)
    return bytes(out), found


def encode_globals(layout: Layout, guests: bytes, ours: Sequence[bytes]) -> bytes:
    """Return the global section: the guest's, fuel and depth, and *ours* (`Spills`)."""
    count = encode_unsigned(layout.globals + 2 + len(ours))
    return b"".join((count, guests, _FUEL, _DEPTH, *ours))


def _peek_count(reader: Reader) -> tuple[int, int]:
    start = reader.pos
    count, first = reader.u32(), reader.pos
    reader.pos = start
    return count, first


def _read_import(reader: Reader, layout: Layout) -> Import:
    at = reader.pos
    module, name = reader.name(), reader.name()
    kind = reader.byte()
    if kind in _REFUSED_IMPORTS:
        raise InvalidModule(f"{module}.{name}: {_REFUSED_IMPORTS[kind]}", at)
    if kind != _FUNCTION:
        raise InvalidModule(f"unknown kind of import {kind:#04x}", at)
    if (module, name) == CHECKPOINT:
        raise InvalidModule(f"imports {module}.{name}, which is reserved for metering", at)
    index = reader.index(len(layout.types), "type")
    layout.function_types.append(index)
    return Import(module, name, "func", layout.types[index])


def _read_global_type(reader: Reader) -> Global:
    at = reader.pos
    value_type, mutability = reader.byte(), reader.byte()
    if value_type not in VALUE_TYPES:
        raise refused_type(value_type, at)
    if mutability in (2, 3):
        raise InvalidModule("threads (a shared global): not supported", at)
    if mutability > 1:
        raise InvalidModule(f"unknown mutability {mutability:#04x} of a global", at)
    return Global(value_type, mutability == 1)


def _pages(count: int) -> str:
    return f"{count} pages ({count * PAGE_BYTES} bytes)"


def _encode_name(name: str) -> bytes:
    raw = name.encode()
    return encode_unsigned(len(raw)) + raw
