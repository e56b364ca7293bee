"""wasmtime: the engine on CPython 3.11 and newer. It releases the GIL while a guest runs.

It runs the same metered modules as wasmer, without wasmtime's own fuel and epochs, so that both
engines count and interrupt alike.
"""

from __future__ import annotations

import logging
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
from nexus.engines.wasmtime_direct import DirectGlobal, DirectInstance, DirectModule
from nexus.engines.wasmtime_host import define
from nexus.engines.wasmtime_library import enable_branch_hints
from nexus.engines.wasmtime_public import PublicGlobal, PublicInstance, PublicModule
from nexus.engines.wasmtime_slots import use_slots
from nexus.engines.wasmtime_trial import works
from nexus.errors import CompilationError, GuestError, InternalError, InvalidModule, MemoryLimit
from nexus.model import ModuleInfo
from nexus.plugin_api.engine import EngineInstance, HostFunctions
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

log = logging.getLogger("nexus.engines")

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
        self._engine = wasmtime.Engine(self._config())
        self._lock = threading.Lock()  # guards the next three
        self._shared: WeakValueDictionary[tuple[int, bool], _Shared] = WeakValueDictionary()
        """by the artifact's identity and whether it has slots, as long as a thread has it loaded"""
        self._slots: wasmtime.Engine | None = None
        self._has_slots = works()
        self.fingerprint = f"wasmtime-{version('wasmtime')}-cranelift-{cpu.features()}"

    @staticmethod
    def _config() -> wasmtime.Config:
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
        return config

    def _with_slots(self) -> wasmtime.Engine | None:
        """Return an engine whose instances have slots, made at the first call; None if it cannot
        be made."""
        with self._lock:
            if self._slots is None and self._has_slots:
                try:
                    config = self._config()
                    use_slots(config)
                    self._slots = wasmtime.Engine(config)
                except (AttributeError, wasmtime.WasmtimeError) as error:  # or few addresses
                    log.warning("nothing of an instance is used again, because %s", error)
                    self._has_slots = False
            return self._slots

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
        loaded = self._deserialize(artifact, self._engine)
        with_slots = partial(self._load_with_slots, artifact, info, imports)
        return WasmtimeModule(self._engine, loaded, info, imports, with_slots)

    def _load_with_slots(
        self, artifact: bytes, info: ModuleInfo, imports: HostFunctions
    ) -> WasmtimeModule | None:
        """Load *artifact* for instances with slots; return None if they cannot have any."""
        engine = self._with_slots()
        if engine is None:
            return None
        try:
            loaded = self._deserialize(artifact, engine)
        except CompilationError:  # for example its instances are too large
            return None
        return WasmtimeModule(engine, loaded, info, imports)

    def hold(self, artifact: bytes) -> object:
        """Deserialize *artifact*. While the returned object lives, `load` does not do it again.

        Raises: CompilationError if this engine did not make the artifact.
        """
        return self._deserialize(artifact, self._engine)

    def _deserialize(self, artifact: bytes, engine: wasmtime.Engine) -> _Shared:
        """Return *artifact* as a module, which all threads share: CPython's is 30 MB.

        Raises: CompilationError.
        """
        key = id(artifact), engine is not self._engine
        with self._lock:
            found = self._shared.get(key)
        if found is not None:
            return found
        try:
            module = wasmtime.Module.deserialize(engine, artifact)
        except wasmtime.WasmtimeError as error:
            raise CompilationError(f"the artifact cannot be loaded: {error}") from error
        with self._lock:  # another thread may have been quicker
            return self._shared.setdefault(key, _Shared(artifact, module))


class _Shared:
    """A module, and the artifact by whose identity it is found: kept, so that no other has it."""

    def __init__(self, artifact: bytes, module: wasmtime.Module) -> None:
        self.artifact, self.module = artifact, module


class WasmtimeModule:
    """A deserialised module with its host functions linked. Each instance gets its own store: an
    instance lives as long as its store.

    It keeps the objects around one ended instance, whose memory and tables wasmtime keeps.
    """

    def __init__(
        self,
        engine: wasmtime.Engine,
        shared: _Shared,
        info: ModuleInfo,
        imports: HostFunctions,
        with_slots: Callable[[], WasmtimeModule | None] = lambda: None,
    ) -> None:
        """*with_slots*: returns the same module for instances that have slots, if it can."""
        self._with_slots: Callable[[], WasmtimeModule | None] | None = with_slots
        self._renewing: WasmtimeModule | None = None
        self._spare: WasmtimeInstance | None = None
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

    def renew(self) -> WasmtimeInstance:
        """Make an instance in a slot, or like any other if no slot is free.

        Raises: GuestError.
        """
        if self._with_slots is not None:
            self._renewing, self._with_slots = self._with_slots(), None
        module = self._renewing
        instance, self._spare = self._spare, None
        if module is None:
            return self.instantiate()
        try:
            if instance is None:
                return WasmtimeInstance(module._new(), module)
            instance.renew()
            return instance
        except wasmtime.Trap as error:
            raise _trap(error) from error
        except wasmtime.WasmtimeError:  # all slots are taken
            return self.instantiate()

    def retire(self, instance: EngineInstance) -> None:
        """Free the slot of *instance*; keep the Python objects for the next."""
        if not isinstance(instance, WasmtimeInstance):
            raise InternalError(f"not an instance of wasmtime: {type(instance).__name__}")
        if instance.module is self._renewing is not None and instance.end():
            self._spare = instance

    def drop_kept(self) -> None:
        self._spare = None


class WasmtimeInstance:
    """One wasmtime instance in a store of its own."""

    def __init__(self, made: DirectInstance | PublicInstance, module: WasmtimeModule) -> None:
        self._made = made
        self.module = module  # its linker owns the host functions that this instance calls
        info = module.info
        self._fuel = made.global_(FUEL_EXPORT, "i64")
        self._depth = made.global_(DEPTH_EXPORT, "i64")
        self._memory = made.memory(MEMORY_EXPORT) if info.has_memory else None
        self._view = memoryview(b"")
        self._globals: list[DirectGlobal | PublicGlobal] | None = None
        self._functions: dict[str, Callable[..., int]] = {}

    def end(self) -> bool:
        """Delete the instance with its store; return whether `renew` can then follow."""
        self._view = memoryview(b"")
        if not isinstance(self._made, DirectInstance):
            return False
        self._made.end()
        return True

    def renew(self) -> None:
        """Make another instance of the module. Raises: wasmtime.Trap, wasmtime.WasmtimeError."""
        assert isinstance(self._made, DirectInstance)
        self._made.renew()

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
        return tuple([each.get() for each in self._all_globals()])

    def write_globals(self, values: tuple[Any, ...]) -> None:
        for target, value in zip(self._all_globals(), values, strict=True):
            target.set(value)

    def _all_globals(self) -> list[DirectGlobal | PublicGlobal]:
        found = self._globals
        if found is None:
            mutable, made = self.module.info.mutable_globals, self._made
            found = self._globals = [made.global_(each.export, each.type) for each in mutable]
        return found

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
