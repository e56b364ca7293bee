"""Small recursive functions compute and cost the same with copies of themselves in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus.wasm.metering import inlining

from .programs import LOCALS, Generator
from .support import ENGINES, Meter, Trap, instantiate, is_valid, metered, wat
from .test_equivalence import few, run_unmetered

LESS = "(i32.sub (local.get 0) (i32.const 1))"
RUN = '(func (export "run") (param i32 i32) (result i32)'
FUNCTIONS = {
    "two calls": f"""{RUN} (call $f (local.get 0)))
      (func $f (param i32) (result i32)
        (if (i32.lt_u (local.get 0) (i32.const 2)) (then (return (local.get 0))))
        (i32.add (call $f {LESS}) (call $f (i32.sub (local.get 0) (i32.const 2)))))""",
    "a call in a loop": f"""{RUN} (call $f (local.get 0)))
      (func $f (param i32) (result i32) (local i32)
        (block $leaf (br_if $leaf (i32.lt_s (local.get 0) (i32.const 1)))
          (loop $l
            (local.set 1 (i32.add (local.get 1) (call $f {LESS})))
            (br_if $l (i32.gt_s
              (local.tee 0 (i32.sub (local.get 0) (i32.const 2))) (i32.const 0)))))
        (i32.add (local.get 0) (local.get 1)))""",
    "a branch to the function": f"""{RUN} (call $f (local.get 0)))
      (func $f (param i32) (result i32)
        (block (drop (br_if 1 (i32.const 5) (i32.eqz (local.get 0)))))
        (i32.mul (i32.const 3) (call $f {LESS})))""",
    "a switch to the function": f"""{RUN} (call $f (local.get 0)))
      (func $f (param i32) (result i32)
        (block (block (block
          (br_if 2 (i32.eqz (local.get 0)))
          (br_table 0 1 0 1 (i32.and (local.get 0) (i32.const 3))))
          (drop (br_if 2 (i32.const 9) (i32.eqz (local.get 0)))))
          (return (i32.add (i32.const 1) (call $f {LESS}))))
        (block (result i32) (br_table 0 1 0 (i32.const 8) (local.get 0))))""",
    "no parameters, no result": f"""(global $n (mut i32) (i32.const 0))
      {RUN} (global.set $n (local.get 0)) (call $f) (global.get $n))
      (func $f (if (i32.gt_s (global.get $n) (i32.const 0)) (then
        (global.set $n (i32.sub (global.get $n) (i32.const 1))) (call $f)
        (global.set $n (i32.add (global.get $n) (i32.const 3))) (return))))""",
    "locals are zero, round by round": f"""{RUN} (call $f (local.get 0)))
      (func $f (param i32) (result i32) (local i32 i64 f32 f64 i32)
        (if (i32.eqz (local.get 0)) (then (return (i32.const 1))))
        (loop $l
          (local.set 5 (i32.add (local.get 5) (call $f {LESS})))
          (br_if $l (i32.lt_s
            (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (i32.const 2))))
        (if (f32.gt (local.get 3) (f32.const 0)) (then (unreachable)))
        (if (f64.gt (local.get 4) (f64.const 0)) (then (unreachable)))
        (if (i64.ne (local.get 2) (i64.const 0)) (then (unreachable)))
        (local.set 2 (i64.const 7)) (local.set 3 (f32.const 7)) (local.set 4 (f64.const 7))
        (local.get 5))""",
    "all types": f"""(table 1 funcref)
      {RUN} (i32.trunc_f64_s (call $f (local.get 0) (i64.const 2) (f32.const 3) (f64.const 4)
        (v128.const i32x4 1 2 3 4) (ref.null func) (ref.null extern))))
      (func $f (param i32 i64 f32 f64 v128 funcref externref) (result f64)
        (local v128 funcref externref)
        (if (i32.eqz (local.get 0)) (then (return (local.get 3))))
        (if (v128.any_true (local.get 7)) (then (unreachable)))
        (if (i32.eqz (ref.is_null (local.get 8))) (then (unreachable)))
        (if (i32.eqz (ref.is_null (local.get 9))) (then (unreachable)))
        (local.set 7 (local.get 4)) (local.set 8 (local.get 5)) (local.set 9 (local.get 6))
        (f64.add (f64.promote_f32 (local.get 2))
          (call $f {LESS} (local.get 1) (f32.convert_i64_s (local.get 1)) (local.get 3)
            (local.get 4) (local.get 5) (local.get 6))))""",
    "a call that is not reached": f"""{RUN} (call $f (local.get 0)))
      (func $f (param i32) (result i32)
        (if (i32.gt_s (local.get 0) (i32.const 0)) (then (return (call $f {LESS}))))
        (return (i32.const 3)) (call $f (i32.add)))""",
    "values beneath the arguments": f"""{RUN} (call $f (local.get 0) (i32.const 7)))
      (func $f (param i32 i32) (result i32)
        (if (i32.le_s (local.get 0) (i32.const 0)) (then (return (local.get 1))))
        (i32.sub (local.get 1) (call $f {LESS} (i32.add (local.get 0) (local.get 1)))))""",
}  # fmt: skip


def _both(text: str, monkeypatch: pytest.MonkeyPatch, most: int = 5000) -> tuple[bytes, bytes]:
    """The metered module without copies, and with them in bodies of up to *most* bytes."""
    with monkeypatch.context() as patch:
        patch.setattr(inlining, "MOST_BYTES", 0)
        plain = metered(text)
    with monkeypatch.context() as patch:
        patch.setattr(inlining, "MOST_BYTES", most)
        return plain, metered(text)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("what", FUNCTIONS)
def test_results_and_charges_stay(what: str, engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"(module {FUNCTIONS[what]})"
    plain, unfolded = _both(text, monkeypatch)
    assert is_valid(unfolded)
    assert len(unfolded) > 2 * len(plain)
    for argument in (0, 1, 2, 3, 9, 12):
        expected, _ = run_unmetered(wat(text), argument, 0)
        charged = set()
        for wasm, slice in ((plain, 1 << 40), (unfolded, 1 << 40), (unfolded, 50)):
            program = instantiate(wasm, engine, Meter(slice=slice))
            assert program.call("run", argument, 0) == expected
            charged.add(program.charged)
        assert len(charged) == 1


@st.composite
def _recursive(draw: st.DrawFn) -> str:
    """A function that calls itself at up to two places, 30 times at most in all."""
    generator = _Generator(draw, ["f", "f"], bulk=False)
    body = generator.statements((), 2)
    locals = "i32 " * (LOCALS - 2 + generator.counters)
    return f"""(module (memory (export "memory") 1) (global $n (mut i32) (i32.const 30))
      {RUN} (call $f (local.get 0) (local.get 1)))
      (func $f (param i32 i32) (result i32) (local {locals})
        (if (i32.eqz (global.get $n)) (then (return (i32.const 5))))
        (global.set $n (i32.sub (global.get $n) (i32.const 1)))
        {body} (i32.add (local.get 0) (local.get 2))))"""


class _Generator(Generator):
    def choice(self, *options: str) -> str:
        chosen = super().choice(*options)
        if chosen == "f":
            self.callees.pop()
        return chosen


@given(_recursive(), st.integers(-5, 300), st.integers(-5, 300))
@few
def test_generated_functions_stay(text: str, a: int, b: int) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        versions = _both(text, monkeypatch)
    expected, _ = run_unmetered(wat(text), a, b)
    charged = set()
    for wasm in versions:
        program = instantiate(wasm, meter=Meter(slice=100))
        assert program.call("run", a, b) == expected
        charged.add(program.charged)
    assert len(charged) == 1


def test_depth_is_counted_as_without_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"(module {FUNCTIONS['values beneath the arguments']})"
    for wasm in _both(text, monkeypatch):
        program = instantiate(wasm, meter=Meter(frames=40))
        program.call("run", 38, 0)
        with pytest.raises(Trap):
            program.call("run", 200, 0)


def test_an_endless_recursion_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    text = '(module (func $f (export "x") (call $f)) (func (export "run") (call $f)))'
    for wasm in _both(text.replace(' (export "x")', ""), monkeypatch):
        program = instantiate(wasm, meter=Meter(budget=3000, frames=1 << 40))
        with pytest.raises(Trap):
            program.call("run")
        assert program.meter.checkpoints > 2


def test_copies_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """By function, and by module."""
    function = FUNCTIONS["two calls"].partition("\n")[2]
    text = "".join(function.replace("$f", f"$f{n}") for n in range(2000))
    plain, unfolded = _both(f"(module {text})", monkeypatch, inlining.MOST_BYTES)
    grown = len(unfolded) - len(plain)
    assert inlining.MOST_UNFOLDED / 2 < grown < inlining.MOST_UNFOLDED + inlining.MOST_BYTES + 5000


OTHERS = {
    "several results": f"""(func $f (param i32) (result i32 i32)
      (if (i32.eqz (local.get 0)) (then (return (i32.const 1) (i32.const 2))))
      (call $f {LESS})) {RUN} (call $f (local.get 0)) (i32.add))""",
    "it calls itself through another": f"""(func $f (param i32) (call $g (local.get 0)))
      (func $g (param i32) (if (local.get 0) (then (call $f {LESS}))))""",
    "many parameters": f"(func $f (param {101 * 'i32 '}) unreachable call $f)",
    "many locals": f"(func $f (param i32) (local {101 * 'i32 '}) (call $f {LESS}))",
    "three calls": f"(func $f (param i32) {3 * f'(call $f {LESS})'})",
}


@pytest.mark.parametrize("what", OTHERS)
def test_functions_that_are_left_alone(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plain, same = _both(f"(module {OTHERS[what]})", monkeypatch)
    assert plain == same
