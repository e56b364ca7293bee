"""What the rewriter tells of a module, and the exports it adds."""

from __future__ import annotations

import pytest
import wasmtime

from nexus.model import Export, FuncType, Import, MutableGlobal
from nexus.wasm.format.names import DEPTH_EXPORT, FUEL_EXPORT, MEMORY_EXPORT

from .support import ENGINE, info, metered

FULL = """(module
  (import "env" "log" (func (param i32 f64) (result i64)))
  (import "nexus" "other" (func))
  (memory (export "memory") 2) (table (export "table") 1 funcref)
  (global $a (export "a") (mut i32) (i32.const 1)) (global $b i32 (i32.const 2))
  (global $c (mut i64) (i64.const 3)) (global $d (mut f32) (f32.const 4))
  (global $e (mut f64) (f64.const 5))
  (func (export "_start")) (func $s) (start $s)
  (func (export "wide") (param v128 externref) (result funcref i32) (unreachable)))"""


def test_as_the_guest_declared_it() -> None:
    found = info(FULL)
    assert found.imports == (
        Import("env", "log", "func", FuncType(("i32", "f64"), ("i64",))),
        Import("nexus", "other", "func", FuncType()),
    )
    assert found.exports == (
        Export("memory", "memory"),
        Export("table", "table"),
        Export("a", "global"),
        Export("_start", "func", FuncType()),
        Export("wide", "func", FuncType(("v128", "externref"), ("funcref", "i32"))),
    )
    assert (found.memory_min_pages, found.memory_max_pages, found.has_memory) == (2, 64, True)
    assert (found.has_start, found.functions) == (True, 3)
    assert found.reset_blocker is None


def test_mutable_globals_are_exported() -> None:
    found = info(FULL).mutable_globals
    assert found == tuple(
        MutableGlobal(f"nexus.global.{n}", type)
        for n, type in ((0, "i32"), (2, "i64"), (3, "f32"), (4, "f64"))
    )
    exports = exports_of(metered(FULL))
    for each in found:
        type = exports[each.export]
        assert isinstance(type, wasmtime.GlobalType)
        assert (str(type.content), type.mutable) == (each.type, True)


def exports_of(wasm: bytes) -> dict[str, object]:
    return {export.name: export.type for export in wasmtime.Module(ENGINE, wasm).exports}


def test_added_exports() -> None:
    exports = exports_of(metered(FULL))
    fuel = exports[FUEL_EXPORT]
    assert isinstance(fuel, wasmtime.GlobalType)
    assert (str(fuel.content), fuel.mutable) == ("i64", True)
    assert isinstance(exports[MEMORY_EXPORT], wasmtime.MemoryType)
    assert isinstance(exports["memory"], wasmtime.MemoryType)


def test_an_empty_module() -> None:
    found = info("(module)")
    assert not found.has_memory
    assert (found.memory_min_pages, found.memory_max_pages, found.functions) == (0, 0, 0)
    assert exports_of(metered("(module)")).keys() == {FUEL_EXPORT, DEPTH_EXPORT}


MEMORY = '(memory 1) (data $d "x") (table 1 funcref) (elem $e func)'


@pytest.mark.parametrize(
    ("instruction", "cause"),
    [
        ("(table.set (i32.const 0) (ref.null func))", "it changes a table (table.set)"),
        ("(drop (table.grow (ref.null func) (i32.const 0)))", "it changes a table (table.grow)"),
        ("(table.fill (i32.const 0) (ref.null func) (i32.const 0))", "(table.fill)"),
        ("(table.copy (i32.const 0) (i32.const 0) (i32.const 0))", "(table.copy)"),
        ("(table.init $e (i32.const 0) (i32.const 0) (i32.const 0))", "(table.init)"),
        ("(elem.drop $e)", "it drops a segment (elem.drop)"),
        ("(data.drop $d)", "it drops a segment (data.drop)"),
        ("(data.drop $d) (elem.drop $e)", "(data.drop)"),
    ],
)
def test_instructions_that_block_a_reset(instruction: str, cause: str) -> None:
    found = info(f"(module {MEMORY} (func (loop (if (i32.const 0) (then {instruction})))))")
    assert found.reset_blocker is not None
    assert cause in found.reset_blocker


@pytest.mark.parametrize(
    ("type", "value"),
    [
        ("funcref", "(ref.null func)"),
        ("externref", "(ref.null extern)"),
        ("v128", "(v128.const i64x2 0 0)"),
    ],
)
def test_globals_that_block_a_reset(type: str, value: str) -> None:
    found = info(f"(module (global i32 (i32.const 0)) (global (mut {type}) {value}))")
    assert found.reset_blocker == f"global 1 is a mutable {type}, which a reset cannot restore"
    assert found.mutable_globals == ()
    assert info(f"(module (global {type} {value}))").reset_blocker is None


def test_what_does_not_block_a_reset() -> None:
    text = f"""(module {MEMORY} (func
        (memory.init $d (i32.const 0) (i32.const 0) (i32.const 1))
        (memory.fill (i32.const 0) (i32.const 0) (i32.const 1))
        (memory.copy (i32.const 0) (i32.const 0) (i32.const 1))
        (drop (memory.grow (i32.const 1))) (drop (table.get (i32.const 0))) (drop (table.size))))"""
    assert info(text).reset_blocker is None
