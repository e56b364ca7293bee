"""Functions exported by the names of the name section, and where tables have them."""

from __future__ import annotations

import pytest
import wasmtime

from nexus.errors import InvalidModule
from nexus.plugin_api.engine import TABLE_ENTRANCE
from nexus.wasm import rewrite
from nexus.wasm.format.name_section import find_functions, find_slots

from .support import ENGINES, LIMITS, Meter, Trap, instantiate

NAMED = """(module
  (import "host" "log" (func $log))
  (table 8 funcref)
  (func $double (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2)))
  (func $wide (param i64 i32) (result i64) (i64.add (local.get 0) (i64.extend_i32_s (local.get 1))))
  (func $unused)
  (elem (i32.const 3) $wide $double)
  (export "own" (func $double)))"""


def wasm_with_names(text: str) -> bytes:
    return bytes(wasmtime.wat2wasm(text))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_named_function_can_be_called(engine: str) -> None:
    text = NAMED.replace('(import "host" "log" (func $log))', "")
    rewritten, info = rewrite(wasm_with_names(text), LIMITS, ["double", "wide"])
    program = instantiate(rewritten, engine)
    assert program.call("nexus.fn.double", 21) == 42
    assert program.call("nexus.fn.wide", -(1 << 40), -1) == -(1 << 40) - 1
    assert [export.name for export in info.exports] == ["own"]


def test_nothing_is_exported_unasked() -> None:
    rewritten, _ = rewrite(wasm_with_names(NAMED), LIMITS)
    assert b"nexus.fn." not in rewritten


def test_slots_are_where_the_table_has_them() -> None:
    wasm = wasm_with_names(NAMED)
    indices = find_functions(wasm, ["double", "wide"])
    assert indices == {"double": 1, "wide": 2}
    assert find_slots(wasm, list(indices.values())) == {1: 4, 2: 3}


def test_a_function_in_no_table_has_no_slot() -> None:
    with pytest.raises(InvalidModule, match="functions 3 are not in table 0"):
        find_slots(wasm_with_names(NAMED), [3])


def test_a_missing_name_is_named() -> None:
    with pytest.raises(InvalidModule, match="no function absent"):
        rewrite(wasm_with_names(NAMED), LIMITS, ["double", "absent"])


def test_a_module_without_names() -> None:
    text = '(module (func (export "f")))'
    with pytest.raises(InvalidModule, match="no function f"):
        rewrite(wasm_with_names(text), LIMITS, ["f"])


def test_names_that_lie_are_found_out() -> None:
    wasm = wasm_with_names(NAMED)
    forged = wasm.replace(b"\x01\x06double", b"\x7f\x06double")
    assert forged != wasm
    with pytest.raises(InvalidModule, match="function 127 does not exist"):
        rewrite(forged, LIMITS, ["double"])


RECURSIVE = """(module
  (table 1 funcref)
  (func $sum (param i32 i32 i32 i32) (result i32)
    (if (result i32) (local.get 0)
      (then (i32.add (local.get 0) (call $sum (i32.sub (local.get 0) (i32.const 1))
        (local.get 1) (local.get 2) (local.get 3))))
      (else (i32.const 0))))
  (elem (i32.const 0) $sum))"""


@pytest.mark.parametrize("engine", ENGINES)
def test_a_call_by_the_host_leaves_the_depth_as_it_was(engine: str) -> None:
    """One run calls many times, with one depth for all."""
    rewritten, _ = rewrite(wasm_with_names(RECURSIVE), LIMITS, ["sum"], table=True)
    program = instantiate(rewritten, engine, Meter(frames=100))
    for arguments in (("nexus.fn.sum",), (TABLE_ENTRANCE, 0)):
        assert program.call(*arguments, 90, 0, 0, 0) == 90 * 91 / 2
        assert program.depth() == 100
        with pytest.raises(Trap):
            program.call(*arguments, 110, 0, 0, 0)


IN_TABLE = """(module
  (memory 1)
  (table 8 funcref)
  (global $started (mut i32) (i32.const 0))
  (func $begin (global.set $started (i32.const 1)))
  (func $weigh (param i32 i32 i32 i32) (result i32)
    (i32.add (i32.mul (local.get 0) (i32.const 1000))
      (i32.add (i32.mul (local.get 1) (i32.const 100))
        (i32.add (i32.mul (local.get 2) (i32.const 10)) (local.get 3)))))
  (func $spin (param i32 i32 i32 i32) (result i32) (loop (br 0)) (unreachable))
  (func $deep (param i32 i32 i32 i32) (result i32)
    (call $deep (local.get 0) (local.get 1) (local.get 2) (local.get 3)))
  (func $other (result i32) (i32.const 7))
  (elem (i32.const 2) $weigh $spin $deep $other)
  START)"""


@pytest.mark.parametrize("start", ["", "(start $begin)"])
@pytest.mark.parametrize("engine", ENGINES)
def test_a_function_in_the_table_can_be_called(engine: str, start: str) -> None:
    rewritten, info = rewrite(wasm_with_names(IN_TABLE.replace("START", start)), LIMITS, table=True)
    program = instantiate(rewritten, engine)
    assert program.call(TABLE_ENTRANCE, 2, 1, 2, 3, 4) == 1234
    for slot in (0, 5, 100):  # empty, of another type, beyond the end
        with pytest.raises(Trap):
            program.call(TABLE_ENTRANCE, slot, 0, 0, 0, 0)
    assert program.call(TABLE_ENTRANCE, 2, 4, 3, 2, 1) == 4321
    assert info.exports == ()


@pytest.mark.parametrize("engine", ENGINES)
def test_calls_through_the_table_are_metered(engine: str) -> None:
    rewritten, _ = rewrite(wasm_with_names(IN_TABLE.replace("START", "")), LIMITS, table=True)
    program = instantiate(rewritten, engine, Meter(budget=10_000))
    with pytest.raises(Trap):
        program.call(TABLE_ENTRANCE, 3, 0, 0, 0, 0)
    program = instantiate(rewritten, engine)
    with pytest.raises(Trap):
        program.call(TABLE_ENTRANCE, 4, 0, 0, 0, 0)


def test_the_entrance_is_there_only_when_wanted() -> None:
    wasm = wasm_with_names(IN_TABLE.replace("START", ""))
    assert TABLE_ENTRANCE.encode() not in rewrite(wasm, LIMITS)[0]


def test_a_module_without_a_table_has_no_entrance() -> None:
    with pytest.raises(InvalidModule, match="no table"):
        rewrite(wasm_with_names("(module (func))"), LIMITS, table=True)
