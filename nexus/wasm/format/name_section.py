"""Finds functions by their names in the name section (core specification, appendix A.4).

A toolchain also names functions that a module does not export; with these names a host can call
functions inside a language runtime it did not build.
"""

from __future__ import annotations

from collections.abc import Sequence

from nexus.errors import InvalidModule
from nexus.wasm.format import sections
from nexus.wasm.format.constants import copy_constant
from nexus.wasm.format.layout import Layout
from nexus.wasm.format.reader import Reader

_NAME_SECTION = "name"
_FUNCTION_NAMES = 1
_I32_CONST = 0x41
_IN_TABLE_0 = 0
"""the kind of element segment that compilers make: active, with function indices"""


def find_functions(wasm: bytes, names: Sequence[str]) -> dict[str, int]:
    """Return the guest's indices of the functions called *names*.

    Raises: InvalidModule if one is missing or two share a name.
    """
    wanted = frozenset(names)
    found: dict[str, int] = {}
    for section in sections.split(wasm) if names else ():
        if section.id != sections.CUSTOM:
            continue
        reader = Reader(wasm, section.payload, section.end, "name section")
        if reader.name() == _NAME_SECTION:
            _read_names(reader, wanted, found)
    missing = [name for name in names if name not in found]
    if missing:
        raise InvalidModule(f"its name section has no function {', '.join(missing)}")
    return found


def find_slots(wasm: bytes, functions: Sequence[int]) -> dict[int, int]:
    """Return the places of *functions* in table 0, which are their addresses in C.

    Raises: InvalidModule if one is in no segment that lists functions at a constant offset.
    """
    wanted = frozenset(functions)
    found: dict[int, int] = {}
    for section in sections.split(wasm):
        if section.id == sections.ELEMENT:
            reader = Reader(wasm, section.payload, section.end, "element section")
            for _ in range(reader.u32()):
                _read_segment(reader, wanted, found)
    missing = [str(index) for index in functions if index not in found]
    if missing:
        raise InvalidModule(f"functions {', '.join(missing)} are not in table 0")
    return found


def _read_names(reader: Reader, wanted: frozenset[str], found: dict[str, int]) -> None:
    while reader.pos < reader.end:
        kind, size = reader.byte(), reader.u32()
        if kind != _FUNCTION_NAMES:
            reader.skip(size)
            continue
        for _ in range(reader.u32()):
            index = reader.u32()
            at = reader.pos
            name = reader.name()
            if name not in wanted:
                continue
            if name in found:
                raise InvalidModule(f"two functions are called {name!r}", at)
            found[name] = index


def _read_segment(reader: Reader, wanted: frozenset[int], found: dict[int, int]) -> None:
    at = reader.pos
    if reader.u32() != _IN_TABLE_0:
        raise InvalidModule("an element segment of another kind than functions in table 0", at)
    start = reader.pos
    copy_constant(reader, Layout(), bytearray())
    constant = Reader(reader.data, start, reader.pos, "offset")
    if constant.byte() != _I32_CONST:
        raise InvalidModule("the offset of an element segment is not a constant", start)
    offset = constant.signed(32)
    for slot in range(offset, offset + reader.u32()):
        index = reader.u32()
        if index in wanted:
            found.setdefault(index, slot)
