"""Builds modules whose bytes an assembler would not write."""

from __future__ import annotations

from nexus.wasm.format.leb128 import encode_unsigned
from nexus.wasm.format.sections import CODE, FUNCTION, MAGIC, TYPE, VERSION, encode

PREAMBLE = MAGIC + VERSION


def vector(*items: bytes) -> bytes:
    return encode_unsigned(len(items)) + b"".join(items)


def sections(parts: dict[int, bytes]) -> bytes:
    return PREAMBLE + b"".join(encode(id, payload) for id, payload in parts.items())


def function(code: bytes, locals: bytes = b"\0", before: dict[int, bytes] | None = None) -> bytes:
    """One function () -> () of *code*, behind the sections *before*."""
    body = locals + code
    parts = {TYPE: vector(b"\x60\0\0"), FUNCTION: vector(b"\0")}
    parts.update(before or {})
    parts[CODE] = vector(encode_unsigned(len(body)) + body)
    return sections(parts)


def code_offset(wasm: bytes, code: bytes) -> int:
    """Where *code*, the last part of *wasm*, begins."""
    assert wasm.endswith(code)
    return len(wasm) - len(code)
