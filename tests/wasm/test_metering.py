"""A metered guest stops when told to, and is charged for what it runs."""

from __future__ import annotations

import pytest

from nexus.wasm.metering.costs import CALL, CALL_INDIRECT, ENTRY, FREE_VALUES, LONG, SLACK

from .support import ENGINES, Meter, Trap, instantiate, metered, wat
from .support import rewrite as rewrite_module

LOOPS = {
    "loop": "(func (export \"run\") (loop (br 0)))",
    "two loops": "(func (export \"run\") (loop (loop (br 1))))",
    "branch out to an outer loop": """(func (export "run")
        (loop (block (loop (br_if 1 (i32.const 1)) (br 0))) (br 0)))""",
    "br_table back": "(func (export \"run\") (loop (br_table 0 0 (i32.const 0))))",
    "loop with a parameter": """(func (export "run")
        (i32.const 5) (loop (param i32) (i32.const 1) (i32.add) (br 0)))""",
    "loop with parameters of all kinds": """(func (export "run")
        (i64.const 1) (f64.const 2) (v128.const i64x2 3 4) (ref.null func)
        (loop (param i64 f64 v128 funcref) (br 0)))""",
    "recursion": "(func $f (export \"run\") (call $f))",
    "mutual recursion": "(func $f (export \"run\") (call $g)) (func $g (call $f))",
    "indirect recursion": """(table 1 funcref) (elem (i32.const 0) $f)
        (func $f (export "run") (call_indirect (i32.const 0)))""",
    "indirect recursion by equal types": """(type $a (func)) (type $b (func))
        (table 1 funcref) (elem (i32.const 0) $f)
        (func $f (export "run") (type $b) (call_indirect (type $a) (i32.const 0)))""",
    "recursion in one arm": """(func $f (param i32)
        (if (local.get 0) (then (call $f (i32.const 1)) (call $f (i32.const 1)))))
        (func (export "run") (call $f (i32.const 1)))""",
    "recursion past a call that is skipped": """(func $f (param i32)
        (block (block (if (local.get 0) (then (br 1))) (call $f (i32.const 1))))
        (call $f (i32.const 1)))
        (func (export "run") (call $f (i32.const 1)))""",
    "recursion in a loop": """(func $f (loop (call $f) (br 0)))
        (func (export "run") (call $f))""",
    "small leaves in a loop": """(func $leaf (drop (i32.const 1)))
        (func (export "run") (loop (call $leaf) (br 0)))""",
    "an endless memory.fill": """(memory 16) (func (export "run") (loop
        (memory.fill (i32.const 0) (i32.const 1) (i32.const 1048576)) (br 0)))""",
}  # fmt: skip


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("text", LOOPS.values(), ids=LOOPS)
def test_what_never_ends_is_stopped(text: str, engine: str) -> None:
    meter = Meter(slice=100, budget=2000)
    program = instantiate(metered(f"(module {text})"), engine, meter)
    with pytest.raises(Trap, match="unreachable"):
        program.call("run")
    assert meter.checkpoints >= 2
    assert program.charged >= 2000


@pytest.mark.parametrize("engine", ENGINES)
def test_a_start_function_is_stopped(engine: str) -> None:
    meter = Meter(budget=5000)
    with pytest.raises(Trap, match="unreachable"):
        instantiate(metered("(module (func $s (loop (br 0))) (start $s))"), engine, meter)
    assert meter.checkpoints > 1


def charge_of(body: str, *rest: str) -> int:
    """What a call of a function of this body costs."""
    program = instantiate(metered(f'(module (func (export "run") {body}) {" ".join(rest)})'))
    program.call("run")
    return program.charged


def test_straight_line() -> None:
    assert charge_of("") == ENTRY
    assert charge_of("nop nop (block (drop (i32.const 1)))") == ENTRY + 1
    assert charge_of("(drop (i32.add (i32.const 1) (i32.const 2)))") == ENTRY + 3
    assert charge_of("(drop (i32.div_u (i32.const 1) (i32.const 2)))") == ENTRY + 10


def test_calls() -> None:
    callee = "(func $g (drop (i32.const 1)))"
    direct = ENTRY + 1 + CALL + ENTRY + 1
    assert charge_of("call $g", callee) == direct
    table = "(table 1 funcref) (elem (i32.const 0) $g)"
    indirect = charge_of("(call_indirect (i32.const 0))", callee, table)
    assert indirect == direct + 1 + CALL_INDIRECT - CALL


def test_each_round_of_a_loop() -> None:
    def loop(rounds: int) -> str:
        return f"""(local i32) (local.set 0 (i32.const {rounds}))
            (loop (local.tee 0 (i32.sub (local.get 0) (i32.const 1))) (br_if 0))"""

    assert charge_of(loop(1)) == ENTRY + 2 + 5
    assert charge_of(loop(9)) == ENTRY + 2 + 9 * 5


SMALL, LARGE = "(drop (i32.const 0))" * 5, "(drop (i32.const 0))" * (SLACK + 1)


def test_both_arms_of_a_small_if() -> None:
    """They are charged where the branch is: an upper bound, and no charge of their own."""
    for condition in (0, 1):
        body = f"(if (i32.const {condition}) (then {SMALL}) (else {SMALL}))"
        assert charge_of(body) == ENTRY + 2 + 10


def test_arms_of_a_large_if() -> None:
    def body(condition: int) -> str:
        return f"(if (i32.const {condition}) (then {LARGE}) (else {LARGE}{LARGE}))"

    assert charge_of(body(1)) == ENTRY + 2 + SLACK + 1
    assert charge_of(body(0)) == ENTRY + 2 + 2 * (SLACK + 1)


def test_a_switch_is_charged_for_the_case_that_runs() -> None:
    """As compilers write it: blocks in blocks, and the cases behind their ends."""
    cases = 50
    inner = f"(br_table {' '.join(map(str, range(cases)))} (local.get 0))"
    for n in range(cases):
        inner = f"(block {inner}) {LARGE} (br {cases - 1 - n})"
    program = instantiate(metered(f'(module (func (export "run") (param i32) (block {inner})))'))
    for case in (0, 7, cases - 1):
        before = program.charged
        program.call("run", case)
        assert SLACK < program.charged - before < 4 * SLACK


def test_each_round_pays_for_the_values_it_moves() -> None:
    """A branch back with a hundred values shifts all of them by one."""
    charges = []
    for rounds in (1, 2, 3):
        text = f"""(module (func (export "run") (local i32) {"(local.get 0)" * 100}
          (loop (param {"i32 " * 100}) (local.set 0 (i32.add (local.get 0) (i32.const 1)))
            (local.get 0) (br_if 0 (i32.ne (local.get 0) (i32.const {rounds})))
            {"(drop)" * 101})))"""
        program = instantiate(metered(text))
        program.call("run")
        charges.append(program.charged)
    assert charges[2] - charges[1] == charges[1] - charges[0] == 9 + 100 - FREE_VALUES


def test_blocks_and_functions_pay_for_the_values_they_give() -> None:
    many = f"(result {'i32 ' * 100})"
    text = f"""(module (func $f {many} {"(i32.const 1)" * 100})
      (func (export "run") (block {many} (call $f)) {"(drop)" * 100}))"""
    program = instantiate(metered(text))
    program.call("run")
    assert program.charged == 2 * ENTRY + 1 + CALL + 100 + 2 * (100 - FREE_VALUES)


def test_small_arms_are_taken_over_only_up_to_the_slack() -> None:
    ifs = f"(if (i32.const 0) (then {SMALL}))" * 100
    assert charge_of(ifs) <= ENTRY + 200 + SLACK


def test_a_branch_over_large_code_is_not_charged_for_it() -> None:
    assert charge_of(f"(block (br_if 0 (i32.const 1)) {LARGE})") == ENTRY + 2
    assert charge_of(f"(block (br_if 0 (i32.const 0)) {LARGE})") == ENTRY + 2 + SLACK + 1
    loop = f"(block (loop (br_if 1 (i32.const 1)) {LARGE} (br 0)))"
    assert charge_of(loop) == ENTRY + 2


def test_code_behind_an_inner_block_is_charged_once() -> None:
    body = f"(block (block (br_if 0 (i32.const 1)) {LARGE}) {LARGE}) {LARGE}"
    assert charge_of(body) == ENTRY + 2 + 2 * (SLACK + 1)


def test_loops_with_parameters_and_results_compute_the_same() -> None:
    text = """(module (func (export "fact") (param i64) (result i64)
      (i64.const 1) (local.get 0)
      (loop $l (param i64 i64) (result i64)
        (local.set 0) (local.get 0) (i64.mul)
        (i64.sub (local.get 0) (i64.const 1))
        (local.tee 0) (local.get 0) (i64.const 1) (i64.gt_s) (br_if $l) (drop))))"""
    for engine in ENGINES:
        assert instantiate(metered(text), engine).call("fact", 20) == 2432902008176640000


def test_the_fuel_is_out_of_reach() -> None:
    """Index and name of the fuel are ours; the guest's own globals keep theirs."""
    program = instantiate(
        metered("""(module (global $g (mut i64) (i64.const 7))
          (func (export "run") (result i64) (global.set $g (i64.add (global.get $g) (i64.const 1)))
            (global.get $g)))""")
    )
    assert [program.call("run"), program.call("run")] == [8, 9]
    assert program.charged == 2 * (ENTRY + 5)


def test_the_output_is_the_same_every_time() -> None:
    wasm = wat(f"(module {LOOPS['recursion']})")
    from .support import LIMITS

    assert rewrite_module(wasm, LIMITS) == rewrite_module(wasm, LIMITS)


def test_small_leaves_are_paid_for_by_those_who_call_them() -> None:
    text = f"""(module (func $leaf {SMALL}) (func $exported (export "leaf") {SMALL})
      (func (export "run") (call $leaf) (call $exported)))"""
    program = instantiate(metered(text))
    program.call("run")
    assert program.charged == ENTRY + 2 * (1 + CALL + ENTRY + 5)
    program.call("leaf")
    assert program.charged == 2 * ENTRY + 2 * (1 + CALL + ENTRY + 5) + 5


def test_between_calls_of_small_leaves_there_are_checks() -> None:
    """Else straight code could run as long as it is, times what leaves take."""
    meter = Meter(slice=1)
    text = f"""(module (func $leaf {LARGE} {LARGE})
      (func (export "run") {"(call $leaf)" * 2000}))"""
    instantiate(metered(text), meter=meter).call("run")
    assert meter.checkpoints >= 2000 * CALL // LONG


def test_recursion_leaves_its_caller_the_depth_it_had() -> None:
    """As often as it is called, and from where its depth was not counted."""
    text = """(module (func $down (param i32)
        (if (local.get 0) (then (call $down (i32.sub (local.get 0) (i32.const 1))))))
      (func $between (call $down (i32.const 80)))
      (func $start (call $between) (call $between)) (start $start)
      (func (export "run") (local i32) (loop (call $between) (call $down (i32.const 80))
        (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 9))))))"""
    for engine in ENGINES:
        instantiate(metered(text), engine, Meter(frames=100)).call("run")
        with pytest.raises(Trap, match="unreachable"):
            instantiate(metered(text), engine, Meter(frames=70)).call("run")
