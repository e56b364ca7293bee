"""Guests that do not end: loops of every shape, and long instructions in loops."""

from __future__ import annotations

from .case import SOON, Case, endless, start


def _forever(name: str, body: str, rest: str = "", locals: str = "") -> Case:
    return Case(name, start(body, rest, locals), "TIMEOUT", SOON)


_TABLE = "(table $t 1000 funcref) (elem $e func $f $f) (func $f)"

CASES = [
    _forever("loop", endless("")),
    _forever("loop-by-br-if", "(loop (br_if 0 (i32.const 1)))"),
    _forever("loop-in-a-loop", "(loop (loop (br 1)))"),
    _forever("loop-left-and-entered-again", "(loop (block (loop (br 1))) (br 0))"),
    _forever(
        "loop-in-both-arms", """(if (i32.const 1) (then (loop (br 0))) (else (loop (br 0))))"""
    ),
    _forever("loop-with-parameters", "(i32.const 1) (i64.const 2) (loop (param i32 i64) (br 0))"),
    _forever("loop-by-br-table", "(loop (br_table 0 0 0 (i32.const 7)))"),
    _forever("loop-by-br-table-of-1000", f"(loop (br_table {'0 ' * 1000} (i32.const 999)))"),
    _forever("loop-around-a-call", endless("(call $f)"), "(func $f)"),
    _forever(
        "loop-around-an-indirect-call",
        endless("(call_indirect (i32.const 0))"),
        "(table 1 funcref) (elem (i32.const 0) $f) (func $f)",
    ),
    _forever("loop-with-a-long-body", endless("(drop (i32.const 1))" * 20_000)),
    _forever(
        "loop-counting-to-2-to-the-64",
        """(loop
        (br_if 0 (i64.ne (i64.const -1) (local.tee 0 (i64.add (local.get 0) (i64.const 1))))))""",
        locals="(local i64)",
    ),
    _forever(
        "tree-of-calls",
        "(call $f (i32.const 60))",
        """(func $f (param i32)
        (if (local.get 0) (then
          (call $f (i32.sub (local.get 0) (i32.const 1)))
          (call $f (i32.sub (local.get 0) (i32.const 1))))))""",
    ),
    _forever("start-function-loops", "", "(func $s (loop (br 0))) (start $s)"),
    Case("loop-out-of-cpu", start(endless("")), "CPU_LIMIT", "cpu_timeout_ms = 50\n"),
    _forever(
        "memory-fill-in-a-loop",
        endless("(memory.fill (i32.const 0) (i32.const 7) (i32.const 65536))"),
    ),
    _forever(
        "memory-copy-over-itself-in-a-loop",
        endless("(memory.copy (i32.const 1) (i32.const 0) (i32.const 65535))"),
    ),
    _forever(
        "memory-init-in-a-loop",
        endless("(memory.init $d (i32.const 0) (i32.const 0) (i32.const 30000))"),
        f'(data $d "{"x" * 30000}")',
    ),
    _forever("memory-grow-by-nothing-in-a-loop", endless("(drop (memory.grow (i32.const 0)))")),
    _forever("memory-grow-that-fails-in-a-loop", endless("(drop (memory.grow (i32.const -1)))")),
    _forever(
        "table-fill-in-a-loop",
        endless("(table.fill $t (i32.const 0) (ref.func $f) (i32.const 1000))"),
        _TABLE,
    ),
    _forever(
        "table-copy-in-a-loop",
        endless("(table.copy $t $t (i32.const 1) (i32.const 0) (i32.const 999))"),
        _TABLE,
    ),
    _forever(
        "table-init-in-a-loop",
        endless("(table.init $t $e (i32.const 0) (i32.const 0) (i32.const 2))"),
        _TABLE,
    ),
    _forever(
        "table-grow-that-fails-in-a-loop",
        endless("(drop (table.grow $t (ref.null func) (i32.const -1)))"),
        _TABLE,
    ),
]
