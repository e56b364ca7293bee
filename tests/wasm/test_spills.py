"""Loops save the locals that they need around the call that refills, and nothing else."""

from __future__ import annotations

import pytest

from nexus.wasm.format import sections
from nexus.wasm.format.leb128 import read_u32
from nexus.wasm.metering.spills import MOST_OF_A_TYPE, Accesses, Spills

from .support import ENGINES, Meter, instantiate, metered

ALL_TYPES = """(module (func (export "run") (param $rounds i32) (result i64)
  (local $i i32) (local $a i32) (local $b i64) (local $c f32) (local $d f64) (local $e v128)
  (local.set $b (i64.const 1)) (local.set $c (f32.const 0.5)) (local.set $d (f64.const 0.25))
  (local.set $e (v128.const i64x2 1 2))
  (block $out (loop $next
    (local.set $a (i32.add (local.get $a) (i32.const 3)))
    (local.set $b (i64.add (local.get $b) (i64.extend_i32_u (local.get $a))))
    (local.set $c (f32.add (local.get $c) (f32.const 1)))
    (local.set $d (f64.add (local.get $d) (f64.promote_f32 (local.get $c))))
    (local.set $e (i64x2.add (local.get $e) (i64x2.splat (local.get $b))))
    (local.set $i (i32.add (local.get $i) (i32.const 1)))
    (br_if $out (i32.eq (local.get $i) (local.get $rounds)))
    (br $next)))
  (i64.add (i64.trunc_f64_s (local.get $d))
    (i64.add (i64x2.extract_lane 0 (local.get $e)) (i64x2.extract_lane 1 (local.get $e))))))"""
"""A loop that does not count, with locals of every number type; `RESULT` after 50 rounds"""
RESULT = 134_003


def _globals(wasm: bytes) -> int:
    (found,) = [each for each in sections.split(wasm) if each.id == sections.GLOBAL]
    return read_u32(wasm, found.payload)[0]


@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize("engine", ENGINES)
def test_values_survive_each_refill(engine: str, in_place: bool) -> None:
    wasm = metered(ALL_TYPES, in_place=in_place)
    found = []
    for slice_ in (0, 1, 1 << 40):
        meter = Meter(slice=slice_)
        found.append(instantiate(wasm, engine, meter).call("run", 50))
    assert meter.checkpoints == 1
    assert found == [RESULT] * 3


def test_each_type_has_its_globals() -> None:
    # Fuel and depth; $i, $a and $rounds; one for each other type.
    assert _globals(metered(ALL_TYPES)) == 2 + 3 + 4


def test_a_loop_with_a_call_saves_nothing() -> None:
    calling = ALL_TYPES.replace("(br $next)", "(drop (call 0 (i32.const 1))) (br $next)")
    assert _globals(metered(calling)) == 2


def test_functions_share_the_globals() -> None:
    loop = "(func (param i64) (loop (drop (local.get 0)) (br 0)))"
    assert _globals(metered(f"(module {loop} {loop} {loop})")) == 2 + 1


def test_at_most_so_many_locals_of_a_type_are_saved() -> None:
    spills = Spills(5)
    many = [(local, "f64") for local in range(20)]
    code = spills.around(b"CALL", [*many, (20, "funcref"), (21, "f32")])
    before, after = code.split(b"CALL")
    assert before.count(b"\x24") == after.count(b"\x23") == MOST_OF_A_TYPE + 1
    assert len(spills.declarations()) == MOST_OF_A_TYPE + 1
    assert spills.around(b"CALL", ()) == b"CALL"
    assert spills.around(b"CALL", many[:1]) == b"\x20\0\x24\5CALL\x23\5\x21\0"


def test_a_loop_needs_what_it_reads_first() -> None:
    # get 1, set 2, { set 3, get 3, get 2, get 130 }, get 4, tee 1
    code = b"\x20\1\x21\2\x21\3\x20\3\x20\2\x20\x82\1\x20\4\x22\1"
    accesses = Accesses(code)
    accesses.begin_loop()
    accesses.found += [0, 2]
    accesses.begin_loop()
    accesses.found += [4, 6, 8, 10]
    assert accesses.end_loop() == [2, 130]
    accesses.found += [13, 15]
    assert accesses.end_loop() == [1, 130, 4]


def test_what_nested_loops_remember_is_bounded() -> None:
    accesses = Accesses(b"".join(b"\x20" + bytes((local,)) for local in range(120)))
    accesses.begin_loop()
    accesses.begin_loop()
    accesses.found += range(0, 240, 2)
    assert len(accesses.end_loop()) == 120
    assert len(accesses.end_loop()) == 64
