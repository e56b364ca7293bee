"""Every way to name a function still names the same one after the import was added."""

from __future__ import annotations

import pytest
import wasmtime

from nexus.wasm.format.sections import MAGIC, VERSION

from .support import LIMITS, Program, instantiate, metered, rewrite, wat

# $f0, $f1 and $f2 return 10, 11 and 12; `at` calls by table.
FUNCTIONS = """
  (type $t (func (result i32)))
  (func $f0 (result i32) i32.const 10)
  (func $f1 (result i32) i32.const 11)
  (func $f2 (result i32) i32.const 12)
"""

ELEMENTS = {
    0: "(table 4 funcref) (elem (i32.const 1) func $f1 $f2)",
    1: "(table 4 funcref) (elem $e func $f1 $f2)",
    2: "(table 1 externref) (table $x 4 funcref) (elem (table $x) (i32.const 1) func $f1 $f2)",
    3: "(elem declare func $f1 $f2)",
    4: "(table 4 funcref) (elem (i32.const 1) funcref (ref.func $f1) (ref.func $f2))",
    5: "(table 4 funcref) (elem $e funcref (ref.func $f1) (item (ref.func $f2)))",
    6: """(table 1 externref) (table $x 4 funcref)
          (elem (table $x) (i32.const 1) funcref (ref.func $f1) (ref.func $f2))""",
    7: "(elem declare funcref (ref.func $f1) (ref.func $f2) (ref.null func))",
}


def module(kind: int) -> str:
    passive = "(table.init $e (i32.const 1) (i32.const 0) (i32.const 2))" if kind in (1, 5) else ""
    table = "$x" if kind in (2, 6) else "0"
    declared = "" if kind not in (3, 7) else "(table 4 funcref)"
    fill = (
        "(table.set (i32.const 1) (ref.func $f1)) (table.set (i32.const 2) (ref.func $f2))"
        if kind in (3, 7)
        else passive
    )
    return f"""(module {FUNCTIONS} {declared} {ELEMENTS[kind]}
      (func (export "at") (param i32) (result i32)
        {fill} (call_indirect {table} (type $t) (local.get 0))))"""


def element_kind(wasm: bytes) -> int:
    from nexus.wasm.format.sections import ELEMENT, split

    (section,) = [s for s in split(wasm) if s.id == ELEMENT]
    return wasm[section.payload + 1]


@pytest.mark.parametrize("kind", ELEMENTS)
def test_element_segments(kind: int) -> None:
    wasm = wat(module(kind))
    assert element_kind(wasm) == kind
    program = instantiate(rewrite(wasm, LIMITS)[0])
    assert [program.call("at", 1), program.call("at", 2)] == [11, 12]


def program(text: str) -> Program:
    return instantiate(metered(text))


def test_calls_and_exports() -> None:
    guest = program(f"""(module {FUNCTIONS} (export "one" (func $f1))
      (func (export "sum") (result i32) (i32.sub (call $f2) (call $f0))))""")
    assert guest.call("one") == 11
    assert guest.call("sum") == 2


def test_start_function() -> None:
    guest = program("""(module (global $g (mut i32) (i32.const 0))
      (func $no (global.set $g (i32.const 1))) (func $yes (global.set $g (i32.const 2)))
      (start $yes) (func (export "get") (result i32) (global.get $g)))""")
    assert guest.call("get") == 2


def test_references_in_globals_and_code() -> None:
    guest = program(f"""(module {FUNCTIONS}
      (table $x 4 funcref) (global $g funcref (ref.func $f2)) (elem declare func $f1)
      (func (export "global") (result i32)
        (table.set $x (i32.const 0) (global.get $g)) (call_indirect $x (type $t) (i32.const 0)))
      (func (export "code") (result i32)
        (table.set $x (i32.const 0) (ref.func $f1)) (call_indirect $x (type $t) (i32.const 0))))""")
    assert guest.call("global") == 12
    assert guest.call("code") == 11


def test_imported_functions_keep_their_index() -> None:
    wasm = metered("""(module
      (import "host" "a" (func $a (result i32))) (import "host" "b" (func $b (result i32)))
      (table 2 funcref) (elem (i32.const 0) $b $c)
      (func $c (result i32) (call $b)) (export "b" (func $b)) (export "c" (func $c))
      (func (export "at") (param i32) (result i32)
        (call_indirect (result i32) (local.get 0))))""")
    store = wasmtime.Store()
    linker = wasmtime.Linker(store.engine)
    i32, i64 = wasmtime.ValType.i32(), wasmtime.ValType.i64()
    linker.define_func("host", "a", wasmtime.FuncType([], [i32]), lambda: 1)
    linker.define_func("host", "b", wasmtime.FuncType([], [i32]), lambda: 2)
    linker.define_func("nexus", "checkpoint", wasmtime.FuncType([i64], [i64]), lambda left: 1000)
    instance = linker.instantiate(store, wasmtime.Module(store.engine, wasm))
    exports = instance.exports(store)
    assert exports["b"](store) == exports["c"](store) == 2  # type: ignore[operator]
    assert exports["at"](store, 0) == exports["at"](store, 1) == 2  # type: ignore[operator]


def test_indices_that_grow_a_byte() -> None:
    """Function 127 becomes 128, which takes two bytes."""
    functions = "".join(f"(func $f{n} (result i32) i32.const {n})" for n in range(200))
    calls = "".join(f"(call $f{n}) i32.add " for n in range(1, 200))
    guest = program(f"""(module {functions} (table 200 funcref)
      (elem (i32.const 0) {" ".join(f"$f{n}" for n in range(200))})
      (func (export "at") (param i32) (result i32)
        (call_indirect (result i32) (local.get 0)))
      (func (export "sum") (result i32) (call $f0) {calls}))""")
    assert guest.call("sum") == sum(range(200))
    assert [guest.call("at", n) for n in (126, 127, 128, 199)] == [126, 127, 128, 199]


def test_padded_indices() -> None:
    """Linkers leave room for relocation: five bytes for each index."""
    body = b"\x00\x10\x80\x80\x80\x80\x00\x0b"
    wasm = (
        MAGIC
        + VERSION
        + b"\x01\x05\x01\x60\x00\x01\x7f"
        + b"\x03\x03\x02\x00\x00"
        + b"\x07\x05\x01\x01f\x00\x01"
        + b"\x0a\x0f\x02\x04\x00\x41\x07\x0b"
        + bytes([len(body)])
        + body
    )
    assert instantiate(rewrite(wasm, LIMITS)[0]).call("f") == 7
