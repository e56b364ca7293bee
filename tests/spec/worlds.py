"""One store of an engine in which a script runs; one world metered, one not."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Protocol

import wasmtime

from nexus.engines import llvm_wheel
from nexus.model import FuncType
from nexus.wasm.format.names import ASK_DEPTH, CHECKPOINT, DEPTH_EXPORT, MEMORY

from .suite import CACHE
from .trampoline import Flat, trampoline

SLICE = 10_000
"""small, so that the checkpoint is called in the middle of things"""

SPECTEST = """(module
  (func (export "print")) (func (export "print_i32") (param i32))
  (func (export "print_i64") (param i64)) (func (export "print_f32") (param f32))
  (func (export "print_f64") (param f64)) (func (export "print_i32_f32") (param i32 f32))
  (func (export "print_f64_f64") (param f64 f64)))"""
"""the host's functions of the suite; its memory, table and globals are refused as imports"""


class Trapped(Exception):
    """It trapped; the engine's first line says how."""


class NotAccepted(Exception):
    """The engine does not compile or link it."""


Imports = list[tuple[str, str]]


@dataclass(frozen=True)
class Instance:
    """One module's exports, and a trampoline for each function called so far."""

    exports: Any
    callers: dict[str, Any] = field(default_factory=dict)


class World(Protocol):
    provides_memory: bool
    """whether metered modules import their memory from it, as in the product"""

    def instantiate(self, wasm: bytes, imports: Imports, known: Known) -> Instance:
        """Raises: NotAccepted, Trapped."""
        ...

    def call(self, instance: Instance, name: str, type: FuncType, arguments: Flat) -> Flat:
        """Raises: Trapped."""
        ...

    def read_global(self, instance: Instance, name: str) -> Any: ...


Known = dict[str, Instance]


@cache
def _trampoline(type: FuncType) -> bytes:
    return trampoline(type)


DEPTH = 400
"""frames for each call: what the scripts nest on purpose ends within them, what recurs without end
does not"""

EXHAUSTED = "the stack is exhausted"
"""for an engine's words for its own stack, and for a guest that asked for more depth than it got"""

_ENGINES_WORDS = ("STACK_OVERFLOW", "call stack exhausted")


class Checkpoint:
    """The host's side of one store: fuel without end, depth with one."""

    def __init__(self) -> None:
        self._asked = self._may_ask = 0

    def begin(self, *, may_ask: bool) -> None:
        """To be called before each call; a start function *may_ask* for depth, once."""
        self._asked, self._may_ask = 0, int(may_ask)

    def __call__(self, left: int) -> int:
        if left != ASK_DEPTH:
            return left + SLICE if left > -SLICE else SLICE
        self._asked += 1
        return DEPTH if self._asked <= self._may_ask else 0

    def trapped(self, words: str) -> Trapped:
        """Say how a guest trapped, of whom the engine says *words*."""
        exhausted = self._asked > self._may_ask or any(known in words for known in _ENGINES_WORDS)
        return Trapped(EXHAUSTED if exhausted else words)


def _flat(result: Any) -> Flat:
    if result is None:
        return ()
    return tuple(result) if isinstance(result, list | tuple) else (result,)


ENGINE = wasmtime.Engine()


class WasmtimeWorld:
    """wasmtime 40 and newer."""

    provides_memory = False

    def __init__(self) -> None:
        self._store = wasmtime.Store(ENGINE)
        self._host = Checkpoint()
        self._linked: dict[str, Instance] = {}
        """whose exports others import, which may enter them on their own"""
        i64 = wasmtime.ValType.i64()
        type = wasmtime.FuncType([i64], [i64])
        self._checkpoint = wasmtime.Func(self._store, type, self._host)

    def instantiate(self, wasm: bytes, imports: Imports, known: Known) -> Instance:
        wanted = []
        self._begin(None)
        for module, name in imports:
            if (module, name) == CHECKPOINT:
                wanted.append(self._checkpoint)
            elif module in known and name in known[module].exports:
                wanted.append(known[module].exports[name])
                self._linked[module] = known[module]
            else:
                raise NotAccepted(f"unknown import {module}.{name}")
        try:
            made = wasmtime.Instance(self._store, _compiled(wasm), wanted)
            return Instance(made.exports(self._store))
        except wasmtime.Trap as trap:
            raise self._host.trapped(_first_line(trap)) from None
        except wasmtime.WasmtimeError as error:
            raise NotAccepted(str(error)) from None

    def call(self, instance: Instance, name: str, type: FuncType, arguments: Flat) -> Flat:
        if name not in instance.callers:
            module = _compiled(_trampoline(type))
            made = wasmtime.Instance(self._store, module, [instance.exports[name]])
            instance.callers[name] = made.exports(self._store)["call"]
        self._begin(instance)
        try:
            return _flat(instance.callers[name](self._store, *arguments))
        except wasmtime.Trap as trap:
            raise self._host.trapped(_first_line(trap)) from None

    def _begin(self, called: Instance | None) -> None:
        self._host.begin(may_ask=called is None)
        for instance in (*self._linked.values(), *([called] if called else [])):
            depth = instance.exports.get(DEPTH_EXPORT)
            if depth is not None:  # it is metered
                depth.set_value(self._store, DEPTH)

    def read_global(self, instance: Instance, name: str) -> Any:
        return instance.exports[name].value(self._store)


@cache
def _compiled(wasm: bytes) -> wasmtime.Module:
    return wasmtime.Module(ENGINE, wasm)


def _first_line(trap: wasmtime.Trap) -> str:
    return trap.trap_code.name if trap.trap_code is not None else str(trap).splitlines()[-1]


class WasmerWorld:
    """wasmer 1.1 with Cranelift or LLVM."""

    provides_memory = True

    def __init__(self, compiler: Any) -> None:
        import wasmer

        self._wasmer = wasmer
        self._host = Checkpoint()
        self._linked: dict[str, Instance] = {}
        self._store = wasmer.Store(wasmer.engine.Universal(compiler))
        type = wasmer.FunctionType([wasmer.Type.I64], [wasmer.Type.I64])
        self._checkpoint = wasmer.Function(self._store, self._host.__call__, type)
        self._modules: dict[FuncType, Any] = {}

    def instantiate(self, wasm: bytes, imports: Imports, known: Known) -> Instance:
        try:
            module = self._wasmer.Module(self._store, wasm)
        except RuntimeError as error:
            raise NotAccepted(str(error)) from None
        spaces: dict[str, dict[str, Any]] = {}
        self._begin(None)
        for space, name in imports:
            try:
                checkpoint = (space, name) == CHECKPOINT
                found = self._checkpoint if checkpoint else getattr(known[space].exports, name)
            except LookupError:
                raise NotAccepted(f"unknown import {space}.{name}") from None
            if not checkpoint:
                self._linked[space] = known[space]
            spaces.setdefault(space, {})[name] = found
        for wanted in module.imports:
            if (wanted.module, wanted.name) == MEMORY:
                memory = self._wasmer.Memory(self._store, wanted.type)
                spaces.setdefault(wanted.module, {})[wanted.name] = memory
        return Instance(self._instance(module, spaces).exports)

    def _instance(self, module: Any, spaces: dict[str, dict[str, Any]]) -> Any:
        linked = self._wasmer.ImportObject()
        for space, found in spaces.items():
            linked.register(space, found)
        try:
            return self._wasmer.Instance(module, linked)
        except RuntimeError as error:
            said = str(error).splitlines()[0]
            if said.startswith("Error while importing"):
                raise NotAccepted(said) from None
            raise self._host.trapped(said) from None

    def _begin(self, called: Instance | None) -> None:
        self._host.begin(may_ask=called is None)
        for instance in (*self._linked.values(), *([called] if called else [])):
            try:
                getattr(instance.exports, DEPTH_EXPORT).value = DEPTH
            except LookupError:  # it is not metered
                continue

    def call(self, instance: Instance, name: str, type: FuncType, arguments: Flat) -> Flat:
        if name not in instance.callers:
            if type not in self._modules:
                self._modules[type] = self._wasmer.Module(self._store, _trampoline(type))
            spaces = {"m": {"f": getattr(instance.exports, name)}}
            instance.callers[name] = self._instance(self._modules[type], spaces).exports.call
        self._begin(instance)
        try:
            return _flat(instance.callers[name](*arguments))
        except RuntimeError as error:
            raise self._host.trapped(str(error).splitlines()[0]) from None

    def read_global(self, instance: Instance, name: str) -> Any:
        return getattr(instance.exports, name).value


def native_engine() -> str:
    """Name the engine that Nexus runs on this Python."""
    return "wasmer" if find_spec("wasmer_compiler_cranelift") else "wasmtime"


def make_world(engine: str) -> World:
    """Make a world of `wasmtime`, `wasmer` (with Cranelift) or `llvm` (wasmer with LLVM)."""
    if engine == "wasmtime":
        return WasmtimeWorld()
    if engine == "llvm":
        return WasmerWorld(llvm_wheel.load(llvm_wheel.ensure(CACHE.parent)).Compiler)
    return WasmerWorld(import_module("wasmer_compiler_cranelift").Compiler)
