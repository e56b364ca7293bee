"""Declared maxima are clamped; a minimum above the limit is refused."""

from __future__ import annotations

import pytest

from nexus.errors import InvalidModule
from nexus.wasm import RewriteLimits, rewrite
from nexus.wasm.format.limits import MAX_PAGES

from .support import info, instantiate, metered, wat

GROW = '(func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))'
GROW_TABLE = """(func (export "grow") (param i32) (result i32)
    (table.grow (ref.null func) (local.get 0)))"""


@pytest.mark.parametrize(
    ("declared", "minimum", "maximum"),
    [("1", 1, 8), ("1 4", 1, 4), ("1 8", 1, 8), ("1 100", 1, 8), ("8", 8, 8), ("0 0", 0, 0)],
)
def test_memory(declared: str, minimum: int, maximum: int) -> None:
    limits = RewriteLimits(memory_pages=8)
    text = f"(module (memory {declared}) {GROW})"
    found = info(text, limits)
    assert (found.memory_min_pages, found.memory_max_pages) == (minimum, maximum)
    program = instantiate(metered(text, limits))
    assert program.call("grow", maximum - minimum + 1) == -1
    assert program.call("grow", maximum - minimum) == minimum


def test_memory_above_the_limit() -> None:
    wasm = wat("(module (memory 9))")
    with pytest.raises(InvalidModule) as caught:
        rewrite(wasm, RewriteLimits(memory_pages=8))
    assert caught.value.reason == (
        "the memory needs at least 9 pages (589824 bytes); the limit is 8 pages (524288 bytes)"
    )
    assert caught.value.offset == len(wasm) - 2


@pytest.mark.parametrize(
    ("declared", "maximum"), [("2", 10), ("2 5", 5), ("2 10", 10), ("2 4000000000", 10)]
)
def test_table(declared: str, maximum: int) -> None:
    limits = RewriteLimits(memory_pages=0, table_elements=10)
    program = instantiate(metered(f"(module (table {declared} funcref) {GROW_TABLE})", limits))
    assert program.call("grow", maximum - 1) == -1
    assert program.call("grow", maximum - 2) == 2


def test_table_above_the_limit() -> None:
    wasm = wat("(module (table 10 funcref) (table 11 externref))")
    with pytest.raises(InvalidModule, match="at least 11 elements; the limit is 10"):
        rewrite(wasm, RewriteLimits(memory_pages=0, table_elements=10))


@pytest.mark.parametrize("pages", [-1, MAX_PAGES + 1])
def test_limits_check_themselves(pages: int) -> None:
    with pytest.raises(ValueError, match=f"memory_pages must be 0 to 65536, got {pages}"):
        RewriteLimits(memory_pages=pages)


@pytest.mark.parametrize("elements", [-1, 2**31])
def test_table_limits_check_themselves(elements: int) -> None:
    with pytest.raises(ValueError, match="table_elements must be"):
        RewriteLimits(memory_pages=1, table_elements=elements)
