"""Loops that count compute the same, however they are charged, and are charged for each round."""

from __future__ import annotations

import functools
import itertools
import operator

import pytest

from nexus.wasm.metering.costs import CHUNK, ENTRY

from .support import ENGINES, Meter, Program, instantiate, is_valid, metered

MOST = 2000
"""rounds that are simulated: more than are charged at once"""
EDGES = (0, 1, 2, 7, -1, -2, -8, (1 << 31) - 1, -1 << 31, (1 << 31) - 9, 12, 40_000)

INDEX = "(local.get 0)"
COMPARISONS = {
    "ne": operator.ne,
    "lt_s": operator.lt,
    "lt_u": operator.lt,
    "le_s": operator.le,
    "le_u": operator.le,
    "gt_s": operator.gt,
    "gt_u": operator.gt,
    "ge_s": operator.ge,
    "ge_u": operator.ge,
}
STEPS = {
    "up 1": ("(i32.add (local.get 0) (i32.const 1))", 1),
    "up 3": ("(i32.add (i32.const 3) (local.get 0))", 3),
    "up 4096": ("(i32.sub (local.get 0) (i32.const -4096))", 4096),
    "down 1": ("(i32.add (local.get 0) (i32.const -1))", -1),
    "down 8": ("(i32.sub (local.get 0) (i32.const 8))", -8),
    "up by a local": ("(i32.add (local.get 0) (local.get 3))", None),
    "down by a local": ("(i32.sub (local.get 0) (local.get 3))", None),
}


def _signed(value: int) -> int:
    return value - (1 << 32) if value >> 31 else value


def _loop(comparison: str, step: str, *, swapped: bool, exits: bool) -> str:
    """A function of index, bound, most rounds, step; it gives index and rounds."""
    count = "(local.set 4 (i32.add (local.get 4) (i32.const 1)))"
    leave = "(br_if $out (i32.eq (local.get 4) (local.get 2)))" if exits else ""
    add = f"(local.set 0 {step})"
    if swapped:
        test = f"(local.get 1) {add.replace('local.set', 'local.tee')}"
    else:
        test = f"{add} {INDEX} (local.get 1)"
    return f"""(func (export "run") (param i32 i32 i32 i32) (result i32 i32) (local i32)
      (block $out (loop $l {count} {leave} {test} (i32.{comparison}) (br_if $l)))
      (local.get 0) (local.get 4))"""


@functools.cache  # with a way out and without one
def _simulate(comparison: str, index: int, bound: int, step: int, *, swapped: bool) -> list[int]:
    """Give index and rounds, at most `MOST`; the last, if it is that, leaves in its middle."""
    holds = COMPARISONS[comparison]
    # Signed numbers, each moved by as much, are in the order of unsigned ones.
    moved = 1 << 31 if comparison.endswith("_s") else 0
    index, bound = index + moved & 0xFFFFFFFF, bound + moved & 0xFFFFFFFF
    rounds = 1
    while rounds < MOST:
        index = index + step & 0xFFFFFFFF
        if not (holds(bound, index) if swapped else holds(index, bound)):
            break
        rounds += 1
    return [_signed(index - moved & 0xFFFFFFFF), rounds]


@pytest.mark.parametrize("exits", [False, True], ids=["no way out", "a way out"])
@pytest.mark.parametrize("swapped", [False, True], ids=["index first", "bound first"])
@pytest.mark.parametrize("name", STEPS)
def test_rounds_and_charges(name: str, swapped: bool, exits: bool) -> None:
    step, constant = STEPS[name]
    chance = itertools.cycle(range(5))
    for comparison in COMPARISONS:
        program = instantiate(
            metered(f"(module {_loop(comparison, step, swapped=swapped, exits=exits)})"),
            meter=Meter(slice=1 << 40),
        )
        cost = 4 + (4 if exits else 0) + (7 if swapped else 8)
        for index, bound in itertools.product(EDGES, repeat=2):
            if next(chance) and abs(index - bound) > 20:
                continue  # a fifth of the pairs that are far apart
            for by in (constant,) if constant else (0, 1, 5, -3, 1 << 20):
                add = -by if name.startswith("down by") else by
                expected = _simulate(comparison, index, bound, add, swapped=swapped)
                if expected[1] == MOST and not exits:
                    continue
                before = program.charged
                assert program.call("run", index, bound, MOST, by) == expected
                extra = program.charged - before - ENTRY - 2 - cost * expected[1]
                assert 0 <= extra <= (0 if by else cost), (comparison, index, bound, by)


def test_what_counts_is_charged_ahead() -> None:
    """A loop of which all is known has a check only now and then; a hundred rounds cost one."""
    meter = Meter(slice=1)
    text = """(module (func (export "run") (local i32)
      (loop (br_if 0 (i32.ne (local.tee 0 (i32.add (local.get 0) (i32.const 1)))
        (i32.const 100))))))"""
    program = instantiate(metered(text), meter=meter)
    program.call("run")
    assert meter.checkpoints <= 3
    assert program.charged == ENTRY + 100 * 7


@pytest.mark.parametrize("engine", ENGINES)
def test_an_endless_counted_loop_is_stopped(engine: str) -> None:
    meter = Meter(slice=100, budget=10 * CHUNK)
    text = """(module (func (export "run") (local i32)
      (loop (br_if 0 (i32.ne (local.tee 0 (i32.add (local.get 0) (i32.const 2)))
        (i32.const 1))))))"""
    program = instantiate(metered(text), engine, meter)
    with pytest.raises(Exception, match="unreachable"):
        program.call("run")
    assert 10 * CHUNK <= program.charged <= 12 * CHUNK


OTHERS = {
    "the bound changes": "(local.set 1 (i32.add (local.get 1) (i32.const 0)))",
    "the index changes twice": "(local.set 0 (local.get 0))",
    "the index changes in one arm": "(if (local.get 1) (then (local.set 0 (local.get 0))))",
    "it calls": "(call $nothing)",
    "it goes round in its middle": "(br_if $l (i32.eq (local.get 0) (i32.const -5)))",
    "a branch takes a value along": "(drop (br_if $value (i32.const 1) (i32.const 0)))",
    "a switch leaves": "(br_table $next $next (i32.const 0))",
}


@pytest.mark.parametrize("what", OTHERS)
def test_loops_that_may_not_be_counted(what: str) -> None:
    body = f"(block $next {OTHERS[what]})"
    text = f"""(module (func $nothing) (func (export "run") (param i32 i32) (result i32)
      (block $value (result i32)
        (loop $l {body} (br_if $l (i32.lt_s
          (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (local.get 1))))
        (local.get 0))))"""
    rewritten = metered(text)
    assert is_valid(rewritten)
    program: Program = instantiate(rewritten)
    assert program.call("run", 0, 1000) == 1000
    assert program.meter.checkpoints > 5  # a slice is 1000


def test_a_return_gives_back_what_was_not_used() -> None:
    text = """(module (func (export "run") (param i32) (local i32)
      (loop $l (if (i32.eq (local.get 1) (local.get 0)) (then (return)))
        (br_if $l (i32.ne (local.tee 1 (i32.add (local.get 1) (i32.const 1)))
          (i32.const 1000))))))"""
    charges = []
    for rounds in (1, 2, 3):
        program = instantiate(metered(text))
        program.call("run", rounds - 1)
        charges.append(program.charged)
    assert charges[2] - charges[1] == charges[1] - charges[0] < 20
