"""Guests that go as deep as they can, each in its own way."""

from __future__ import annotations

_MANY = 3000
_LOCALS = f"(local {'i64 ' * _MANY})"
_LOAD = "".join(f"(local.set {n} (i64.load (i32.const {8 * n})))" for n in range(1, _MANY))
_STORE = "".join(f"(i64.store (i32.const {8 * n}) (local.get {n}))" for n in range(1, _MANY))

_INVARIANTS = "".join(
    f"""(local.set 1 (i64.xor (local.get 1)
      (i64.mul (i64.add (local.get 0) (i64.const {n}))
        (i64.add (local.get 0) (i64.const {n + 7})))))"""
    for n in range(300)
)
"""a compiler keeps these on the stack from one round of the loop to the next"""

_PARAMS = 30

GUESTS = {
    "direct": '(func $f (export "f") (call $f) (call $nothing)) (func $nothing)',
    "past a call that is skipped": """(func $f (param i32) (call $wait)
        (block (block (if (local.get 0) (then (br 1))) (call $f (i32.const 1))))
        (call $f (i32.const 1)))
      (func (export "f") (call $f (i32.const 1)))""",
    "mutual": '(func $f (export "f") (call $g) (call $g)) (func $g (call $f) (call $f))',
    "indirect": """(table 1 funcref) (elem (i32.const 0) $f) (type $t (func))
      (func $f (export "f") (call_indirect (type $t) (i32.const 0))
        (call_indirect (type $t) (i32.const 0)))""",
    "by a reference": """(table 1 funcref) (elem declare func $f) (type $t (func))
      (func $f (export "f") (table.set 0 (i32.const 0) (ref.func $f))
        (call_indirect (type $t) (i32.const 0)) (call $wait))""",
    "through a host call": '(func $f (export "f") (call $wait) (call $f) (call $wait))',
    "with a result": """(func $f (param i64) (result i64)
        (if (i64.eqz (local.get 0)) (then (return (i64.const 1))))
        (call $wait) (i64.add (call $f (local.get 0)) (i64.const 1)))
      (func (export "f") (drop (call $f (i64.const 1))))""",
    "with results": """(func $f (param i64) (result i64 i32)
        (if (i64.eqz (local.get 0)) (then (return (i64.const 1) (i32.const 2))))
        (call $wait) (call $f (local.get 0)))
      (func (export "f") (call $f (i64.const 1)) (drop) (drop))""",
    "with many parameters": f"""(func $f (param {"i64 " * _PARAMS}) (call $wait)
        (call $f {" ".join(f"(local.get {n})" for n in range(_PARAMS))}) (call $wait))
      (func (export "f") (call $f {"(i64.const 1)" * _PARAMS}))""",
    "with thousands of locals": f"""(func $f (param i64) {_LOCALS} {_LOAD} (call $wait)
        (call $f (local.get 7)) {_STORE}) (func (export "f") (call $f (i64.const 1)))""",
    "with what a compiler keeps": f"""(func $f (param i64 i64)
        (loop $again {_INVARIANTS} (call $wait) (call $f (local.get 0) (local.get 1))
          {_INVARIANTS} (br_if $again (i64.ne (local.get 1) (i64.const 0)))))
      (func (export "f") (call $f (i64.load (i32.const 0)) (i64.const 2)))""",
    "down a chain without a cycle": "".join(
        f"(func $f{n} {_LOCALS} {_LOAD if n % 8 == 0 else ''} (call $f{n + 1}) (call $wait)"
        f" {_STORE if n % 8 == 0 else ''})"
        for n in range(64)
    )
    + """(func $f64 (call $f65)) (func $f65 (call $f64) (call $wait))
      (func (export "f") (call $f0))""",
    "in a start function": "(func $f (call $wait) (call $f) (call $wait)) (start $f)",
}


def text(name: str) -> str:
    return f"""(module (import "host" "wait" (func $wait)) (memory 1) {GUESTS[name]})"""
