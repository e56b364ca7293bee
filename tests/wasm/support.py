"""Assembles modules and runs them, metered, on every engine this Python has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import wasmtime

from nexus.model import ModuleInfo
from nexus.wasm import RewriteLimits, rewrite
from nexus.wasm.format.names import (
    ASK_DEPTH,
    CHECKPOINT_MODULE,
    CHECKPOINT_NAME,
    DEPTH_EXPORT,
    FUEL_EXPORT,
)

LIMITS = RewriteLimits(memory_pages=64)
EXAMPLES = Path(__file__).parents[2] / "examples"
ENGINE = wasmtime.Engine()
ENGINES = ["wasmtime", *(["wasmer"] if find_spec("wasmer_compiler_cranelift") else [])]

STOP = -1


def wat(text: str) -> bytes:
    return bytes(wasmtime.wat2wasm(text))


def metered(text: str, limits: RewriteLimits = LIMITS, *, in_place: bool = False) -> bytes:
    return rewrite(wat(text), limits, in_place=in_place)[0]


def info(text: str, limits: RewriteLimits = LIMITS) -> ModuleInfo:
    return rewrite(wat(text), limits)[1]


def is_valid(wasm: bytes) -> bool:
    try:
        wasmtime.Module.validate(ENGINE, wasm)
    except wasmtime.WasmtimeError:
        return False
    return True


@dataclass
class Meter:
    """The host's side: grants slices, counts them, and stops the guest when they are used up."""

    slice: int = 1000
    budget: int | None = None
    granted: int = 0
    checkpoints: int = 0
    frames: int = 10_000
    """how deep the guest may go: set before each call, and what a start function may ask for"""
    asked: int = 0
    """how often depth was asked for"""

    def checkpoint(self, left: int) -> int:
        if left == ASK_DEPTH:
            self.asked += 1
            return self.frames if self.asked == 1 else 0
        self.checkpoints += 1
        if self.budget is not None and self.granted - left >= self.budget:
            self.granted -= left - STOP
            return STOP
        self.granted += self.slice - left
        return self.slice


@dataclass
class Program:
    """An instance of a metered module; `call` runs an export."""

    meter: Meter
    call: Callable[..., Any]
    fuel: Callable[[], int]
    depth: Callable[[], int]
    """how many more frames the last call left"""

    @property
    def charged(self) -> int:
        """All that was taken from the fuel since the instance was made."""
        return self.meter.granted - self.fuel()


class Trap(Exception):
    """The guest trapped."""


def instantiate(wasm: bytes, engine: str = "wasmtime", meter: Meter | None = None) -> Program:
    """Instantiate a metered module whose only import is the checkpoint."""
    return {"wasmtime": _with_wasmtime, "wasmer": _with_wasmer}[engine](wasm, meter or Meter())


def _with_wasmtime(wasm: bytes, meter: Meter) -> Program:
    store = wasmtime.Store(ENGINE)
    linker = wasmtime.Linker(ENGINE)
    i64 = wasmtime.ValType.i64()
    linker.define_func(
        CHECKPOINT_MODULE,
        CHECKPOINT_NAME,
        wasmtime.FuncType([i64], [i64]),
        meter.checkpoint,
    )
    module = wasmtime.Module(ENGINE, wasm)

    def trapping(run: Callable[[], Any]) -> Any:
        try:
            return run()
        except (wasmtime.Trap, wasmtime.WasmtimeError) as error:
            raise Trap(str(error)) from None

    exports: Any = trapping(lambda: linker.instantiate(store, module)).exports(store)

    def call(name: str, *args: Any) -> Any:
        exports[DEPTH_EXPORT].set_value(store, meter.frames)
        return trapping(lambda: exports[name](store, *args))

    meter.asked = 1  # whoever asks for depth from now on has used up what was set
    return Program(
        meter,
        call,
        lambda: int(exports[FUEL_EXPORT].value(store)),
        lambda: int(exports[DEPTH_EXPORT].value(store)),
    )


def _with_wasmer(wasm: bytes, meter: Meter) -> Program:
    import wasmer
    from wasmer_compiler_cranelift import Compiler

    store = wasmer.Store(wasmer.engine.JIT(Compiler))
    type = wasmer.FunctionType([wasmer.Type.I64], [wasmer.Type.I64])
    imports = wasmer.ImportObject()
    function = wasmer.Function(store, meter.checkpoint, type)
    imports.register(CHECKPOINT_MODULE, {CHECKPOINT_NAME: function})

    def trapping(run: Callable[[], Any]) -> Any:
        try:
            return run()
        except RuntimeError as error:
            raise Trap(str(error)) from None

    instance = trapping(lambda: wasmer.Instance(wasmer.Module(store, wasm), imports))

    def call(name: str, *args: Any) -> Any:
        getattr(instance.exports, DEPTH_EXPORT).value = meter.frames
        return trapping(lambda: getattr(instance.exports, name)(*args))

    meter.asked = 1
    return Program(
        meter,
        call,
        lambda: int(getattr(instance.exports, FUEL_EXPORT).value),
        lambda: int(getattr(instance.exports, DEPTH_EXPORT).value),
    )
