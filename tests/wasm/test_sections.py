"""Sections: taken apart and joined byte for byte; the preamble and the order are checked."""

from __future__ import annotations

import pytest

from nexus.errors import InvalidModule
from nexus.wasm.format.sections import CUSTOM, MAGIC, VERSION, join, split

from .support import EXAMPLES, LIMITS, rewrite, wat

EMPTY = MAGIC + VERSION

MODULES = {
    "empty": EMPTY,
    "custom": EMPTY + b"\x00\x04\x01ahi" + b"\x00\x01\x00",
    "padded size": EMPTY + b"\x01\x84\x80\x80\x80\x00\x01\x60\x00\x00",
    "all": wat("""(module
        (type (func)) (import "a" "b" (func)) (func (type 0)) (table 1 funcref) (memory 1)
        (global i32 (i32.const 1)) (export "f" (func 1)) (start 1) (elem (i32.const 0) 1)
        (data (i32.const 0) "x") (func (data.drop 0)))"""),
    **{path.name: path.read_bytes() for path in EXAMPLES.glob("*.wasm")},
}


@pytest.mark.parametrize("wasm", MODULES.values(), ids=MODULES)
def test_round_trip(wasm: bytes) -> None:
    assert join(wasm[section.start : section.end] for section in split(wasm)) == wasm


def test_custom_sections_are_dropped() -> None:
    wasm = MODULES["all"] + b"\x00\x04\x01ahi"
    rewritten = rewrite(wasm, LIMITS)[0]
    (ours,) = [section for section in split(rewritten) if section.id == CUSTOM]
    assert rewritten[ours.payload :].startswith(b"\x19metadata.code.branch_hint")


@pytest.mark.parametrize(
    ("wasm", "reason", "offset"),
    [
        (b"", "does not start with", 0),
        (b"\x7fELF" + b"\0" * 60, "does not start with", 0),
        (b"\0asm\1", "ends too early", 5),
        (b"\0asm\2\0\0\0", "version 2 is unknown", 4),
        (b"\0asm\x0d\0\1\0", "this is a component, not a core module", 4),
        (EMPTY + b"\x0f\0", "unknown section id 0x0f", 8),
        (EMPTY + b"\x0d\1\0", "exceptions (a tag section)", 8),
        (EMPTY + b"\x01", "the module ends too early", 9),
        (EMPTY + b"\x01\x80\x80\x80\x80\x80\x00", "longer than 5 bytes", 9),
        (EMPTY + b"\x01\x05\x00", "type section is longer than the module", 8),
        (EMPTY + b"\x00\x00", "custom section ends too early", 10),
        (EMPTY + b"\x00\x02\x05a", "custom section ends too early", 12),
        (EMPTY + b"\x00\x02\x01\xff", "a name is not UTF-8", 10),
        (EMPTY + b"\x03\1\0" + b"\x01\1\0", "type section is out of order", 11),
        (EMPTY + b"\x01\1\0" * 2, "type section is out of order", 11),
        (EMPTY + b"\x0a\1\0" + b"\x0c\1\0", "data count section is out of order", 11),
    ],
)
def test_malformed(wasm: bytes, reason: str, offset: int) -> None:
    with pytest.raises(InvalidModule) as caught:
        split(wasm)
    assert reason in caught.value.reason
    assert caught.value.offset == offset


@pytest.mark.parametrize("payload", [b"\x01", b"\x00\x00", b"\x01\x60\x00\x00\x00"])
def test_vectors_must_fill_their_section(payload: bytes) -> None:
    with pytest.raises(InvalidModule, match=r"ends too early|bytes left over"):
        rewrite(EMPTY + b"\x01" + bytes([len(payload)]) + payload, LIMITS)
