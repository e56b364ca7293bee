"""Splits a binary into sections and joins them again (core specification, 5.5 "Modules")."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from nexus.errors import InvalidModule
from nexus.wasm.format.leb128 import encode_unsigned
from nexus.wasm.format.reader import Reader

MAGIC = b"\0asm"
VERSION = b"\1\0\0\0"

CUSTOM, TYPE, IMPORT, FUNCTION, TABLE, MEMORY, GLOBAL = range(7)
EXPORT, START, ELEMENT, CODE, DATA, DATA_COUNT = range(7, 13)
TAG, STRINGS = 13, 14

ORDER = (
    TYPE,
    IMPORT,
    FUNCTION,
    TABLE,
    MEMORY,
    GLOBAL,
    EXPORT,
    START,
    ELEMENT,
    DATA_COUNT,
    CODE,
    DATA,
)
"""Sections in the order of the binary, which is not the order of the ids"""

NAMES = {
    CUSTOM: "custom section",
    TYPE: "type section",
    IMPORT: "import section",
    FUNCTION: "function section",
    TABLE: "table section",
    MEMORY: "memory section",
    GLOBAL: "global section",
    EXPORT: "export section",
    START: "start section",
    ELEMENT: "element section",
    CODE: "code section",
    DATA: "data section",
    DATA_COUNT: "data count section",
}

_REFUSED = {
    TAG: "exceptions (a tag section)",
    STRINGS: "reference-typed strings (a string section)",
}


class Section(NamedTuple):
    """The position of one section in the binary."""

    id: int
    start: int
    """position of its header"""
    payload: int
    """position of the first byte behind id and size"""
    end: int


def split(wasm: bytes) -> list[Section]:
    """Return all sections, custom ones included, in the order of the binary.

    `join(wasm[s.start : s.end] for s in split(wasm))` gives *wasm* back.

    Raises: InvalidModule if this is not a core module, or sections are unknown, cut off,
    repeated or out of order.
    """
    _check_preamble(wasm)
    found: list[Section] = []
    reader = Reader(wasm, 8, len(wasm), "module")
    last = -1
    while reader.pos < reader.end:
        section = _read_section(reader)
        if section.id != CUSTOM:
            place = ORDER.index(section.id)
            if place <= last:
                raise InvalidModule(f"the {NAMES[section.id]} is out of order", section.start)
            last = place
        found.append(section)
    return found


def join(parts: Iterable[bytes]) -> bytes:
    """Assemble a module from whole sections (id, size and payload)."""
    return b"".join((MAGIC, VERSION, *parts))


def encode(section_id: int, payload: bytes) -> bytes:
    return b"".join((bytes((section_id,)), encode_unsigned(len(payload)), payload))


def _check_preamble(wasm: bytes) -> None:
    if wasm[:4] != MAGIC:
        raise InvalidModule("this is not a WebAssembly binary: it does not start with \\0asm", 0)
    if len(wasm) < 8:
        raise InvalidModule("the module ends too early", len(wasm))
    # The component model splits the version field: 16 bits of version, 16 bits of layer
    # (component-model Binary.md, "Component Definitions").
    if wasm[6:8] == b"\1\0":
        raise InvalidModule("this is a component, not a core module", 4)
    if wasm[4:8] != VERSION:
        version = int.from_bytes(wasm[4:8], "little")
        raise InvalidModule(f"binary format version {version} is unknown; it must be 1", 4)


def _read_section(reader: Reader) -> Section:
    start = reader.pos
    section_id = reader.byte()
    if section_id in _REFUSED:
        raise InvalidModule(f"{_REFUSED[section_id]}: not supported", start)
    if section_id not in NAMES:
        raise InvalidModule(f"unknown section id {section_id:#04x}", start)
    size = reader.u32()
    payload = reader.pos
    if size > reader.end - payload:
        raise InvalidModule(f"the {NAMES[section_id]} is longer than the module", start)
    reader.pos = payload + size
    if section_id == CUSTOM:
        Reader(reader.data, payload, reader.pos, NAMES[CUSTOM]).name()
    return Section(section_id, start, payload, reader.pos)
