"""wasmtime: the engine on CPython 3.11 and newer. It releases the GIL while a guest runs.

It runs the same metered modules as wasmer, without wasmtime's own fuel and epochs, so that both
engines count and interrupt alike.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from importlib.metadata import version
from typing import Any
from weakref import WeakValueDictionary

import wasmtime

from nexus.engines import cpu
from nexus.engines.traps import guest_error
from nexus.engines.wasmtime_direct import DirectInstance, DirectModule
from nexus.engines.wasmtime_host import define
from nexus.engines.wasmtime_library import enable_branch_hints
from nexus.engines.wasmtime_public import PublicInstance, PublicModule
from nexus.engines.wasmtime_trial import works
from nexus.errors import CompilationError, GuestError, InternalError, InvalidModule, MemoryLimit
from nexus.model import ModuleInfo
from nexus.plugin_api.engine import HostFunctions
from nexus.wasm.format.limits import PAGE_BYTES
from nexus.wasm.format.names import CHECKPOINT, DEPTH_EXPORT, FUEL_EXPORT, MEMORY_EXPORT

_TYPES = {
    "i32": wasmtime.ValType.i32,
    "i64": wasmtime.ValType.i64,
    "f32": wasmtime.ValType.f32,
    "f64": wasmtime.ValType.f64,
}

_TRAPS = {
    wasmtime.TrapCode.UNREACHABLE: "unreachable",
    wasmtime.TrapCode.MEMORY_OUT_OF_BOUNDS: "out of bounds memory access",
    wasmtime.TrapCode.HEAP_MISALIGNED: "out of bounds memory access",
    wasmtime.TrapCode.TABLE_OUT_OF_BOUNDS: "out of bounds table access",
    wasmtime.TrapCode.INDIRECT_CALL_TO_NULL: "uninitialized element",
    wasmtime.TrapCode.BAD_SIGNATURE: "indirect call type mismatch",
    wasmtime.TrapCode.INTEGER_OVERFLOW: "integer overflow",
    wasmtime.TrapCode.INTEGER_DIVISION_BY_ZERO: "integer divide by zero",
    wasmtime.TrapCode.BAD_CONVERSION_TO_INTEGER: "invalid conversion to integer",
    wasmtime.TrapCode.STACK_OVERFLOW: "call stack exhausted",
}

MAX_STACK_BYTES = 2 << 20
"""The most native stack that a run may be allowed: a load's (`max_stack_kb` is less). wasmtime
takes no more unless its stacks for async calls grow too."""

_linking = threading.RLock()
"""Guards wasmtime-py's module-global slab of host functions, which has no lock of its own
(`wasmtime/_slab.py`): two threads that link at once could get each other's functions. Re-entrant,
because making one linker may run the `__del__` of another."""


class WasmtimeEngine:
    """wasmtime with its Cranelift compiler."""

    name = "wasmtime"
    compiler = "cranelift"
    holds_gil = False

    def __init__(self) -> None:
        config = wasmtime.Config()
        # Depth is bounded by counting frames of a known size (`frames.py`); wasmtime's own bound,
        # 512 KiB by default, must not come first.
        config.max_wasm_stack = MAX_STACK_BYTES
        config.wasm_threads = False
        config.wasm_memory64 = False
        config.wasm_multi_memory = False
        config.wasm_tail_call = False
        config.wasm_relaxed_simd = False
        config.wasm_exceptions = False
        config.wasm_component_model = False
        enable_branch_hints(config)
        self._engine = wasmtime.Engine(config)
        self._lock = threading.Lock()  # guards _shared
        self._shared: WeakValueDictionary[int, _Shared] = WeakValueDictionary()
        """by the artifact's identity, as long as a thread has it loaded"""
        self.fingerprint = f"wasmtime-{version('wasmtime')}-cranelift-{cpu.features()}"

    def wat_to_wasm(self, text: str) -> bytes:
        try:
            return bytes(wasmtime.wat2wasm(text))
        except wasmtime.WasmtimeError as error:
            raise InvalidModule(f"not valid WebAssembly text: {error}") from error

    def compile(self, wasm: bytes) -> bytes:
        try:
            return bytes(wasmtime.Module(self._engine, wasm).serialize())
        except wasmtime.WasmtimeError as error:
            raise CompilationError(f"wasmtime: {error}") from error

    def load(self, artifact: bytes, info: ModuleInfo, imports: HostFunctions) -> WasmtimeModule:
        return WasmtimeModule(self._engine, self._deserialize(artifact), info, imports)

    def hold(self, artifact: bytes) -> object:
        """Deserialize *artifact*. While the returned object lives, `load` does not do it again.

        Raises: CompilationError if this engine did not make the artifact.
        """
        return self._deserialize(artifact)

    def _deserialize(self, artifact: bytes) -> _Shared:
        """Return *artifact* as a module, which all threads share: CPython's is 30 MB.

        Raises: CompilationError.
        """
        with self._lock:
            found = self._shared.get(id(artifact))
        if found is not None:
            return found
        try:
            module = wasmtime.Module.deserialize(self._engine, artifact)
        except wasmtime.WasmtimeError as error:
            raise CompilationError(f"the artifact cannot be loaded: {error}") from error
        with self._lock:  # another thread may have been quicker
            return self._shared.setdefault(id(artifact), _Shared(artifact, module))


class _Shared:
    """A module, and the artifact by whose identity it is found: kept, so that no other has it."""

    def __init__(self, artifact: bytes, module: wasmtime.Module) -> None:
        self.artifact, self.module = artifact, module


class WasmtimeModule:
    """A deserialised module with its host functions linked. Each instance gets its own store: an
    instance lives as long as its store."""

    def __init__(
        self, engine: wasmtime.Engine, shared: _Shared, info: ModuleInfo, imports: HostFunctions
    ) -> None:
        self._shared, self.info = shared, info
        wanted = {(i.module, i.name) for i in info.imports} | {CHECKPOINT}
        with _linking:
            self._linker = wasmtime.Linker(engine)
            for module, name in sorted(wanted):
                function = imports[module, name]
                signature = wasmtime.FuncType(
                    [_TYPES[t]() for t in function.type.params],
                    [_TYPES[t]() for t in function.type.results],
                )
                if works():
                    types = function.type.params, function.type.results
                    define(self._linker, module, name, *types, signature, function.call)
                else:
                    self._linker.define_func(module, name, signature, function.call)
        # Both ways have the same methods; the installed wasmtime decides which one serves.
        self._new: Callable[[], DirectInstance | PublicInstance]
        if works():
            self._new = partial(DirectInstance, DirectModule(self._linker, shared.module))
        else:
            self._new = partial(PublicInstance, PublicModule(self._linker, shared.module))

    def __del__(self, linking: AbstractContextManager[Any] = _linking) -> None:
        # The lock is a default, since at exit a module's names are gone.
        linker = self.__dict__.get("_linker")
        if linker is not None:
            with linking:
                linker.close()

    def instantiate(self) -> WasmtimeInstance:
        try:
            return WasmtimeInstance(self._new(), self)
        except (wasmtime.Trap, wasmtime.WasmtimeError) as error:
            raise _trap(error) from error


class WasmtimeInstance:
    """One wasmtime instance in a store of its own."""

    def __init__(self, made: DirectInstance | PublicInstance, module: WasmtimeModule) -> None:
        self._made = made
        self._module = module  # its linker owns the host functions that this instance calls
        info = module.info
        self._fuel = made.global_(FUEL_EXPORT, "i64")
        self._depth = made.global_(DEPTH_EXPORT, "i64")
        self._memory = made.memory(MEMORY_EXPORT) if info.has_memory else None
        self._view = memoryview(b"")
        self._globals = [made.global_(each.export, each.type) for each in info.mutable_globals]
        self._functions: dict[str, Callable[..., int]] = {}

    def call(self, export: str) -> None:
        self.invoke(export)

    def invoke(self, export: str, *arguments: int) -> int:
        function = self._functions.get(export)
        if function is None:
            function = self._functions[export] = self._made.function(export)
        try:
            return function(*arguments)
        except (wasmtime.Trap, wasmtime.WasmtimeError) as error:
            raise _trap(error) from error

    def memory(self) -> memoryview:
        # wasmtime moves a memory only when it grows.
        memory, view = self._memory, self._view
        if memory is not None and memory.size() != len(view):
            view = self._view = memory.view()
        return view

    def memory_size(self) -> int:
        return self._memory.size() if self._memory is not None else 0

    def grow_memory(self, size_bytes: int) -> None:
        missing = size_bytes - self.memory_size()
        if missing and self._memory is not None:
            try:
                self._memory.grow(missing // PAGE_BYTES)
            except wasmtime.WasmtimeError as error:
                raise MemoryLimit(f"the memory cannot grow to {size_bytes} bytes") from error

    def read_globals(self) -> tuple[Any, ...]:
        return tuple([each.get() for each in self._globals])

    def write_globals(self, values: tuple[Any, ...]) -> None:
        for target, value in zip(self._globals, values, strict=True):
            target.set(value)

    def fuel(self) -> int:
        return int(self._fuel.get())

    def set_fuel(self, fuel: int) -> None:
        self._fuel.set(fuel)

    def set_depth(self, frames: int) -> None:
        self._depth.set(frames)


def _trap(error: Exception) -> GuestError | InternalError:
    code = error.trap_code if isinstance(error, wasmtime.Trap) else None
    if code is not None:
        return guest_error(_TRAPS.get(code, str(code)))
    return InternalError(f"wasmtime: {error}")
