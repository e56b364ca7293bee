"""Guests that call ever deeper."""

from __future__ import annotations

from .case import Case, start


def _deep(name: str, rest: str, body: str = "(call $f)") -> Case:
    return Case(name, start(body, rest), "STACK_LIMIT")


_LOCALS = "(local " + "i64 " * 4000 + ")"

CASES = [
    _deep("recursion", "(func $f (call $f))"),
    _deep("mutual-recursion", "(func $f (call $g)) (func $g (call $f))"),
    _deep(
        "indirect-recursion",
        "(table 1 funcref) (elem (i32.const 0) $f) (func $f (call_indirect (i32.const 0)))",
    ),
    _deep(
        "recursion-with-a-result",
        "(func $f (param i64) (result i64) (i64.add (call $f (local.get 0)) (i64.const 1)))",
        "(drop (call $f (i64.const 1)))",
    ),
    _deep(
        "recursion-with-4000-locals",
        f"""(func $f (param i64) {_LOCALS}
        (local.set 3999 (local.get 0)) (call $f (local.get 3999)) (drop (local.get 3999)))""",
        "(call $f (i64.const 1))",
    ),
    _deep("recursion-in-a-loop", "(func $f (loop (call $f) (br 0)))"),
    _deep("recursion-behind-a-block", "(func $f (block (br_if 0 (i32.const 0)) (call $f)))"),
    _deep("recursion-in-the-start-function", "(func $f (call $f)) (start $f)", ""),
    Case(
        "recursion-through-host-calls",
        start("(call $f)", "(func $f (drop (call $sched_yield)) (call $f))"),
        "STACK_LIMIT",
    ),
]
