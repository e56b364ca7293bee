"""Tries the direct calls of wasmtime's C API once in a process: a new wasmtime may move what they
stand on. If they fail, `wasmtime.py` uses the public API."""

from __future__ import annotations

import logging
from functools import lru_cache

import wasmtime

from nexus.engines.wasmtime_direct import FIELDS, DirectInstance, DirectModule
from nexus.engines.wasmtime_host import define

log = logging.getLogger("nexus.engines")

_TRIAL = """(module
  (import "h" "shift" (func $shift (param i32 i64 f32 f64) (result i64)))
  (import "h" "none" (func $none))
  (memory (export "m") 1) (data (i32.const 3) "x")
  (global (export "i32") (mut i32) (i32.const -7)) (global (export "i64") (mut i64) (i64.const -8))
  (global (export "f32") (mut f32) (f32.const 1.5))
  (global (export "f64") (mut f64) (f64.const 2.5))
  (func (export "narrow") (param i32 i64) (result i64)
    (i64.add (i64.extend_i32_s (local.get 0)) (local.get 1)))
  (func (export "wide") (param i64 i32) (result i32) (i32.sub (i32.const 1) (local.get 1)))
  (func (export "trap") unreachable)
  (func (export "asked") (result i64)
    (call $none)
    (call $shift (i32.const -1) (i64.const -2) (f32.const 0.5) (f64.const -0.25))))"""


@lru_cache(maxsize=1)
def works() -> bool:
    """Return whether this wasmtime-py and its library behave as expected; tries it once."""
    try:
        problem = _try()
    except Exception as error:
        problem = f"{type(error).__name__}: {error}"
    if problem:
        log.warning("using wasmtime's public API, which is slower, because %s", problem)
    return not problem


def _try() -> str:
    """Return the first difference from what is expected; empty if all is as expected."""
    engine = wasmtime.Engine()
    linker = wasmtime.Linker(engine)
    asked: list[tuple[float, ...]] = []

    def shift(*given: float) -> int:
        asked.append(given)
        return -5

    number = {t: getattr(wasmtime.ValType, t)() for t in FIELDS}
    for name, params, results, host in (
        ("shift", list(FIELDS), ["i64"], shift),
        ("none", [], [], lambda: asked.append(())),
    ):
        signature = wasmtime.FuncType([number[t] for t in params], [number[t] for t in results])
        define(linker, "h", name, params, results, signature, host)
    instance = DirectInstance(DirectModule(linker, wasmtime.Module(engine, _TRIAL)))
    if instance.function("asked")() != -5 or asked != [(), (-1, -2, 0.5, -0.25)]:
        return f"a host function got {asked}"
    for type_, value in (("i32", -7), ("i64", -8), ("f32", 1.5), ("f64", 2.5)):
        cell = instance.global_(type_, type_)
        if cell.get() != value:
            return f"a global of type {type_} reads as {cell.get()}"
        cell.set(3)
        if instance.global_(type_, type_).get() != 3:
            return f"a global of type {type_} was not set"
    memory = instance.memory("m")
    memory.grow(1)
    view = memory.view()
    if (len(view), view[3]) != (131072, ord("x")):
        return "the memory has other contents"
    if instance.function("narrow")(-1, -(1 << 40)) != -(1 << 40) - 1:
        return "an i64 comes back changed"
    if instance.function("wide")(5, 1 << 31) != -(1 << 31) + 1:
        return "an i32 comes back changed"
    trap = instance.function("trap")
    for _ in range(2):
        try:
            trap()
        except wasmtime.Trap as error:
            if error.trap_code is wasmtime.TrapCode.UNREACHABLE:
                continue
        return "a trap is not reported as a trap"
    return ""
