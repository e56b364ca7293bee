"""Calls any function with plain integers, so that every bit of a value can be seen.

Bindings pass floats through Python's, which loses NaN payloads, and pass no vectors at all. So a
small module per signature imports the function and takes and gives only i32 and i64: floats
by their bits, vectors in halves, references as whether they are null.
"""

from __future__ import annotations

from typing import Any

import wasmtime

from nexus.model import FuncType

Flat = tuple[int, ...]

_LANES = {"i8": 8, "i16": 16, "i32": 32, "i64": 64, "f32": 32, "f64": 64}
_REFERENCES = {"funcref": "func", "externref": "extern"}
_TYPES = {"i32": ("i32",), "i64": ("i64",), "f32": ("i32",), "f64": ("i64",), "v128": ("i64",) * 2}


class NotPassable(Exception):
    """A value that no trampoline passes: a reference that is not null."""


def flatten(value: dict[str, Any]) -> Flat:
    """Turn an argument of a script into the integers a trampoline takes."""
    kind, found = value["type"], value.get("value")
    if kind == "v128":
        bits = _vector(value["lane_type"], found)
        return signed(bits & (1 << 64) - 1, 64), signed(bits >> 64, 64)
    if kind in _TYPES:
        assert isinstance(found, str)
        return (signed(int(found), 64 if kind in ("i64", "f64") else 32),)
    if kind in _REFERENCES and found == "null":
        return ()
    raise NotPassable(kind)


def signed(value: int, bits: int) -> int:
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def _vector(lane: str, values: Any) -> int:
    width = _LANES[lane]
    lanes = [int(value) & (1 << width) - 1 for value in values]
    return sum(value << at * width for at, value in enumerate(lanes))


def trampoline(type: FuncType) -> bytes:
    """Make the module for functions of *type*: it imports `m.f` and exports `call`."""
    params = [flat for kind in type.params for flat in _TYPES.get(kind, ())]
    results = [flat for kind in type.results for flat in _TYPES.get(kind, ("i32",))]
    pushed, at = "", 0
    for kind in type.params:
        pushed += _push(kind, at)
        at += len(_TYPES.get(kind, ()))
    kept = "".join(f"(local.set {at + n})" for n in reversed(range(len(type.results))))
    given = "".join(_give(kind, at + n) for n, kind in enumerate(type.results))
    signature = f"(param {' '.join(type.params)}) (result {' '.join(type.results)})"
    return bytes(
        wasmtime.wat2wasm(
            f"""(module
            (import "m" "f" (func {signature}))
            (func (export "call") (param {" ".join(params)}) (result {" ".join(results)})
              (local {" ".join(type.results)}) {pushed} (call 0) {kept} {given}))"""
        )
    )


def _push(kind: str, at: int) -> str:
    if kind in _REFERENCES:
        return f"(ref.null {_REFERENCES[kind]})"
    get = f"(local.get {at})"
    if kind == "v128":
        return f"(i64x2.replace_lane 1 (i64x2.splat {get}) (local.get {at + 1}))"
    if kind in ("f32", "f64"):
        return f"({kind}.reinterpret_i{kind[1:]} {get})"
    return get


def _give(kind: str, at: int) -> str:
    get = f"(local.get {at})"
    if kind in _REFERENCES:
        return f"(ref.is_null {get})"
    if kind == "v128":
        return f"(i64x2.extract_lane 0 {get}) (i64x2.extract_lane 1 {get})"
    if kind in ("f32", "f64"):
        return f"(i{kind[1:]}.reinterpret_{kind} {get})"
    return get
