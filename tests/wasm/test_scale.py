"""Large and deep modules: no recursion, nothing allocated by what a count claims."""

from __future__ import annotations

import pytest

from nexus.errors import InvalidModule
from nexus.wasm.format.leb128 import encode_unsigned
from nexus.wasm.format.sections import CODE, FUNCTION, TYPE

from .binary import function, sections, vector
from .support import LIMITS, is_valid, rewrite

DEEP = 100_000


@pytest.mark.parametrize(
    ("opening", "closing"),
    [(b"\x02\x40", b"\x0b"), (b"\x03\x40", b"\x0b"), (b"\x41\0\x04\x40", b"\x05\x0b")],
    ids=["block", "loop", "if"],
)
def test_deep_nesting(opening: bytes, closing: bytes) -> None:
    rewritten, _ = rewrite(function(opening * DEEP + closing * DEEP + b"\x0b"), LIMITS)
    assert is_valid(rewritten)


def test_branches_out_of_deep_nesting() -> None:
    far = encode_unsigned(DEEP - 1)
    code = b"\x02\x40" * DEEP + (b"\x41\0\x0d" + far) * DEEP + b"\x0b" * DEEP + b"\x0b"
    assert is_valid(rewrite(function(code), LIMITS)[0])


def test_many_functions() -> None:
    count = 100_000
    wasm = sections(
        {
            TYPE: vector(b"\x60\0\0"),
            FUNCTION: vector(*[b"\0"] * count),
            CODE: vector(*[b"\x04\0\x10\0\x0b"] * count),
        }
    )
    rewritten, info = rewrite(wasm, LIMITS)
    assert info.functions == count
    # of which 10 are around the call, for the depth, and 7 a hint
    assert len(rewritten) < 48 * count


def test_one_large_function() -> None:
    wasm = function(b"\x20\0\x20\0\x6a\x21\0" * 100_000 + b"\x0b", locals=b"\x01\x01\x7f")
    assert is_valid(rewrite(wasm, LIMITS)[0])


@pytest.mark.parametrize("section", [TYPE, 2, 3, 4, 5, 6, 7, 9, 10, 11])
def test_a_count_is_not_believed(section: int) -> None:
    with pytest.raises(InvalidModule):
        rewrite(sections({section: b"\xff\xff\xff\xff\x0f"}), LIMITS)


def test_a_br_table_is_not_believed() -> None:
    with pytest.raises(InvalidModule):
        rewrite(function(b"\x41\0\x0e\xff\xff\xff\xff\x0f\0\x0b"), LIMITS)
