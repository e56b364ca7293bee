"""Instructions that run as long as an operand says are charged by it, before they run."""

from __future__ import annotations

import pytest

from nexus.wasm import RewriteLimits
from nexus.wasm.metering.costs import COSTS, ENTRY, PAGE_SHIFT, TABLE_SHIFT

from .support import ENGINES, Meter, Program, Trap, instantiate, metered

BULK = COSTS[0xFC]

MODULE = """(module
  (memory 2 10) (data $d "0123456789abcdefghijklmnopqrstuvwxyz")
  (table $t 20 funcref) (elem $e func $f $f $f $f) (func $f)
  (func (export "memory.fill") (param i32)
    (memory.fill (i32.const 0) (i32.const 1) (local.get 0)))
  (func (export "memory.copy") (param i32)
    (memory.copy (i32.const 8) (i32.const 0) (local.get 0)))
  (func (export "memory.init") (param i32)
    (memory.init $d (i32.const 0) (i32.const 0) (local.get 0)))
  (func (export "table.fill") (param i32)
    (table.fill $t (i32.const 0) (ref.null func) (local.get 0)))
  (func (export "table.copy") (param i32)
    (table.copy $t $t (i32.const 1) (i32.const 0) (local.get 0)))
  (func (export "table.init") (param i32)
    (table.init $t $e (i32.const 0) (i32.const 0) (local.get 0)))
  (func (export "table.grow") (param i32) (result i32)
    (table.grow $t (ref.null func) (local.get 0)))
  (func (export "memory.grow") (param i32) (result i32) (memory.grow (local.get 0))))"""


def charges(program: Program, name: str, operand: int) -> int:
    before = program.charged
    program.call(name, operand)
    return program.charged - before


@pytest.mark.parametrize(
    ("name", "operand", "expected"),
    [
        ("memory.fill", 0, 0),
        ("memory.fill", 15, 0),
        ("memory.fill", 131072, 8192),
        ("memory.copy", 65536, 4096),
        ("memory.init", 32, 2),
        ("table.fill", 20, 20 << TABLE_SHIFT),
        ("table.copy", 19, 19 << TABLE_SHIFT),
        ("table.init", 4, 4 << TABLE_SHIFT),
        ("table.grow", 5, 5 << TABLE_SHIFT),
    ],
)
def test_by_length(name: str, operand: int, expected: int) -> None:
    program = instantiate(metered(MODULE))
    operands = 2 if name == "table.grow" else 3
    assert charges(program, name, operand) == ENTRY + operands + BULK + expected


def test_memory_grow() -> None:
    program = instantiate(metered(MODULE))
    assert program.call("memory.grow", 3) == 2
    assert charges(program, "memory.grow", 4) == ENTRY + 1 + COSTS[0x40] + (4 << PAGE_SHIFT)


def test_lengths_are_unsigned_and_charged_even_if_the_instruction_traps() -> None:
    meter = Meter(slice=1 << 40)
    program = instantiate(metered(MODULE), meter=meter)
    with pytest.raises(Trap, match="out of bounds"):
        program.call("memory.fill", -1)
    assert program.charged == ENTRY + 3 + BULK + (0xFFFFFFFF >> 4)


@pytest.mark.parametrize("operand", [5, 100, 0x7FFFFFFF, -0x80000000, -1])
def test_a_grow_is_charged_for_no_more_than_it_could_get(operand: int) -> None:
    limits = RewriteLimits(memory_pages=3, table_elements=30)
    program = instantiate(metered(MODULE, limits), meter=Meter(slice=1 << 40))
    asked = operand & 0xFFFFFFFF
    expected = ENTRY + 1 + COSTS[0x40] + (min(asked, 3) << PAGE_SHIFT)
    assert charges(program, "memory.grow", operand) == expected
    expected = ENTRY + 2 + BULK + (min(asked, 30) << TABLE_SHIFT)
    assert charges(program, "table.grow", operand) == expected


def test_the_check_comes_before_the_instruction() -> None:
    """With the budget used up, the memory is still as it was."""
    program = instantiate(
        metered("""(module (memory 1) (func (export "run")
            (memory.fill (i32.const 0) (i32.const 7) (i32.const 65536)))
          (func (export "get") (result i32) (i32.load (i32.const 0))))"""),
        meter=Meter(slice=100, budget=1000),
    )
    with pytest.raises(Trap, match="unreachable"):
        program.call("run")
    program.meter.budget = None
    assert program.call("get") == 0


@pytest.mark.parametrize("engine", ENGINES)
def test_the_new_local_is_the_functions_last(engine: str) -> None:
    """Parameters and locals of several kinds keep their index and their value."""
    program = instantiate(
        metered("""(module (memory 1)
          (func (export "run") (param i64 i32) (result i64) (local i64 f64 i32)
            (local.set 2 (i64.const 40)) (local.set 3 (f64.const 2)) (local.set 4 (i32.const 100))
            (memory.fill (i32.const 0) (i32.const 1) (local.get 1))
            (memory.fill (i32.const 0) (i32.const 0) (i32.const 8))
            (i64.add (i64.add (local.get 0) (local.get 2))
              (i64.add (i64.trunc_f64_s (local.get 3)) (i64.extend_i32_u (local.get 4))))))"""),
        engine,
    )
    assert program.call("run", 1000, 16) == 1142
