"""wasmer 1.1: the engine on CPython 3.10. It holds the GIL while a guest runs (fact 4).

All its objects are bound to the thread that made them: used on another thread they panic (fact 3).
Workers use a headless store, which can load artifacts but not compile; only the compiler child
loads a compiler.
"""

from __future__ import annotations

import ctypes
import importlib.util
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import wasmer

from nexus.engines import cpu, llvm_wheel
from nexus.engines.traps import STACK, guest_error
from nexus.engines.zeros import make_zeros
from nexus.errors import (
    CompilationError,
    EngineUnavailable,
    GuestError,
    InternalError,
    InvalidModule,
    MemoryLimit,
)
from nexus.model import ModuleInfo
from nexus.plugin_api.engine import EngineInstance, HostFunctions
from nexus.wasm.format.limits import PAGE_BYTES
from nexus.wasm.format.names import (
    CHECKPOINT,
    DEPTH_EXPORT,
    FUEL_EXPORT,
    MEMORY,
    MEMORY_EXPORT,
    MEMORY_MODULE,
    MEMORY_NAME,
)

_TYPES = {
    "i32": wasmer.Type.I32,
    "i64": wasmer.Type.I64,
    "f32": wasmer.Type.F32,
    "f64": wasmer.Type.F64,
}

_NEWER_TEXT = (
    "\nwasmer's assembler knows the text format of 2021; assemble newer text yourself, with "
    "`wasm-tools parse`"
)

_SAME_TRAP = {
    "heap access out of bounds": "out of bounds memory access",
    "misaligned heap": "out of bounds memory access",
    "table access out of bounds": "out of bounds table access",
    "undefined element: out of bounds table access": "out of bounds table access",
}
"""Maps wasmer's words to the specification's, where they differ"""


class WasmerEngine:
    """wasmer with one of its compilers, `llvm` or `cranelift`."""

    name = "wasmer"
    holds_gil = True
    provides_memory = True
    """A new memory takes four times as long as all else of an instance."""

    def __init__(self, compiler: str, cache_dir: Path) -> None:
        """Raises: EngineUnavailable if *compiler* cannot be used here."""
        self.compiler = compiler
        if compiler == "llvm":
            self._llvm = llvm_wheel.ensure(cache_dir)
        elif compiler == "cranelift":
            if importlib.util.find_spec("wasmer_compiler_cranelift") is None:
                raise EngineUnavailable(
                    "Cranelift is not installed: pip install wasmer-compiler-cranelift==1.1.0"
                )
        else:
            raise EngineUnavailable(f"wasmer has no compiler {compiler!r}: use llvm or cranelift")
        self.fingerprint = f"wasmer-{wasmer.__version__}-{compiler}-{cpu.features()}"
        self._held = threading.local()
        """each thread's modules by the artifact's identity, as long as something holds them"""

    def wat_to_wasm(self, text: str) -> bytes:
        try:
            return bytes(wasmer.wat2wasm(text))
        except RuntimeError as error:
            hint = _NEWER_TEXT if "unknown operator" in str(error) else ""
            raise InvalidModule(f"not valid WebAssembly text: {error}{hint}") from error

    def compile(self, wasm: bytes) -> bytes:
        store = wasmer.Store(wasmer.engine.Universal(self._load_compiler()))
        try:
            return bytes(wasmer.Module(store, wasm).serialize())
        except RuntimeError as error:
            raise CompilationError(f"wasmer ({self.compiler}): {error}") from error

    def _load_compiler(self) -> Any:
        if self.compiler == "llvm":
            return llvm_wheel.load(self._llvm).Compiler
        return importlib.import_module("wasmer_compiler_cranelift").Compiler

    def load(self, artifact: bytes, info: ModuleInfo, imports: HostFunctions) -> WasmerModule:
        return WasmerModule(self._deserialize(artifact), info, imports)

    def hold(self, artifact: bytes) -> object:
        """Deserialize *artifact* for the calling thread: 35 ms for CPython's 61 MB. While the
        returned object lives, `load` on this thread does not do it again.

        Raises: CompilationError if this engine did not make the artifact.
        """
        found = self._held.__dict__.setdefault("modules", WeakValueDictionary())
        held = found[id(artifact)] = self._deserialize(artifact)
        return held

    def _deserialize(self, artifact: bytes) -> _Deserialized:
        held: WeakValueDictionary[int, _Deserialized] | None
        held = getattr(self._held, "modules", None)
        found = None if held is None else held.get(id(artifact))
        return _Deserialized(artifact) if found is None else found


class _Deserialized:
    """A module in a store of its own, dropped with it: a store keeps its modules alive (fact 19).
    It keeps the artifact, by whose identity it may be found."""

    def __init__(self, artifact: bytes) -> None:
        self.artifact = artifact
        self.store = wasmer.Store(wasmer.engine.Universal())
        try:
            self.module = wasmer.Module.deserialize(self.store, artifact)
        except RuntimeError as error:
            raise CompilationError(f"the artifact cannot be loaded: {error}") from error


class WasmerModule:
    """A deserialized module and its host functions. It keeps the memory of one ended instance."""

    def __init__(
        self, deserialized: _Deserialized, info: ModuleInfo, imports: HostFunctions
    ) -> None:
        self._deserialized, self._info = deserialized, info
        self._spare: _Imports | None = None
        wanted = {(i.module, i.name) for i in info.imports} | {CHECKPOINT}
        self._functions: dict[str, dict[str, Any]] = {}
        for module, name in sorted(wanted):
            function = imports[module, name]
            signature = wasmer.FunctionType(
                [_TYPES[t] for t in function.type.params],
                [_TYPES[t] for t in function.type.results],
            )
            self._functions.setdefault(module, {})[name] = wasmer.Function(
                deserialized.store, function.call, signature
            )
        self._imports_memory = any(
            (found.module, found.name) == MEMORY for found in deserialized.module.imports
        )

    def instantiate(self) -> WasmerInstance:
        return self._make(self._new_imports())

    def renew(self) -> WasmerInstance:
        """Make an instance with the memory that `retire` kept, which is zeros.

        Raises: GuestError.
        """
        imports, self._spare = self._spare, None
        return self._make(self._new_imports() if imports is None else imports)

    def retire(self, instance: EngineInstance) -> None:
        """Keep the memory of *instance* if it can be made zeros; nothing else."""
        if not isinstance(instance, WasmerInstance):
            raise InternalError(f"not an instance of wasmer: {type(instance).__name__}")
        imports = instance.imports
        if self._spare is None and imports.memory is not None and imports.clear():
            self._spare = imports

    def drop_kept(self) -> None:
        self._spare = None

    def _new_imports(self) -> _Imports:
        memory = None
        if self._imports_memory:
            limits = self._info.memory_min_pages, self._info.memory_max_pages
            memory = wasmer.Memory(
                self._deserialized.store, wasmer.MemoryType(*limits, shared=False)
            )
        return _Imports(self._functions, memory)

    def _make(self, imports: _Imports) -> WasmerInstance:
        try:
            made = wasmer.Instance(self._deserialized.module, imports.object)
            return WasmerInstance(made, self._info, imports)
        except RuntimeError as error:
            raise _trap(error) from error
        except BaseException as error:
            raise _unexpected(error) from error


class _Imports:
    """The imports of one instance at a time: the host functions, and a memory."""

    __slots__ = ("_address", "memory", "object", "view")

    def __init__(self, functions: dict[str, dict[str, Any]], memory: Any) -> None:
        """*memory*: None if the module has none, or one of its own."""
        self.memory, self.object = memory, wasmer.ImportObject()
        ours = {} if memory is None else {MEMORY_MODULE: {MEMORY_NAME: memory}}
        for module in functions.keys() | ours.keys():
            self.object.register(module, {**functions.get(module, {}), **ours.get(module, {})})
        self.view = memoryview(b"") if memory is None else _view_of(memory.buffer)
        """the memory as it begins"""
        self._address = _address(self.view) if self.view else 0

    def clear(self) -> bool:
        """Make the memory as it began; return False if that is impossible."""
        size = len(self.view)
        # Memories never become shorter.
        return self.memory.data_size == size and (not size or make_zeros(self._address, size))


class WasmerInstance:
    """One wasmer instance; its exports are looked up once."""

    def __init__(self, instance: Any, info: ModuleInfo, imports: _Imports) -> None:
        self.imports = imports
        self._exports = exports = instance.exports
        self._fuel = getattr(exports, FUEL_EXPORT)
        self._depth = getattr(exports, DEPTH_EXPORT)
        self._memory, self._view = imports.memory, imports.view
        if self._memory is None and info.has_memory:
            self._memory = getattr(exports, MEMORY_EXPORT)
        self._mutable = info.mutable_globals
        self._globals: list[Any] | None = None
        self._functions: dict[str, Callable[..., Any]] = {}

    def call(self, export: str) -> None:
        function = self._functions.get(export)
        if function is None:
            function = self._functions[export] = getattr(self._exports, export)
        try:
            function()
        except RuntimeError as error:
            raise _trap(error) from error
        except BaseException as error:
            raise _unexpected(error) from error

    def invoke(self, export: str, *arguments: int) -> int:
        function = self._functions.get(export)
        if function is None:
            function = self._functions[export] = getattr(self._exports, export)
        try:
            return function(*arguments) or 0
        except RuntimeError as error:
            raise _trap(error) from error
        except BaseException as error:
            raise _unexpected(error) from error

    def memory(self) -> memoryview:
        # A new view costs three times what reading the size does: keep it while the size is equal.
        memory, view = self._memory, self._view
        if memory is not None and memory.data_size != len(view):
            view = self._view = _view_of(memory.buffer)
        return view

    def memory_size(self) -> int:
        return int(self._memory.data_size) if self._memory is not None else 0

    def grow_memory(self, size_bytes: int) -> None:
        missing = size_bytes - self.memory_size()
        if missing and self._memory is not None:
            try:
                self._memory.grow(missing // PAGE_BYTES)
            except RuntimeError as error:
                raise MemoryLimit(f"the memory cannot grow to {size_bytes} bytes") from error

    def read_globals(self) -> tuple[Any, ...]:
        return tuple([each.value for each in self._all_globals()])

    def write_globals(self, values: tuple[Any, ...]) -> None:
        for target, value in zip(self._all_globals(), values, strict=True):
            target.value = value

    def _all_globals(self) -> list[Any]:
        found = self._globals
        if found is None:
            found = self._globals = [getattr(self._exports, g.export) for g in self._mutable]
        return found

    def fuel(self) -> int:
        return int(self._fuel.value)

    def set_fuel(self, fuel: int) -> None:
        self._fuel.value = fuel

    def set_depth(self, frames: int) -> None:
        self._depth.value = frames


def _view_of(buffer: Any) -> memoryview:
    """Return the bytes of wasmer's *buffer*, without a reference to the buffer.

    Only its own thread may release a view of the buffer itself: when another thread evicts the
    instance, wasmer panics ("Buffer is unsendable").
    """
    size = memoryview(buffer).nbytes
    if not size:
        return memoryview(b"")
    return memoryview((ctypes.c_ubyte * size).from_address(_address(buffer))).cast("B")


def _address(buffer: Any) -> int:
    return ctypes.addressof(ctypes.c_char.from_buffer(buffer))


def _trap(error: RuntimeError) -> GuestError:
    """Turn `RuntimeError: unreachable\\n    at f (<module>[3]:0xb3)` into a GuestError."""
    words = str(error).partition("\n")[0].removeprefix("RuntimeError: ")
    return guest_error(_SAME_TRAP.get(words, STACK if STACK in words else words))


def _unexpected(error: BaseException) -> BaseException:
    """Turn a Rust panic, a BaseException of type PanicException, into an InternalError; return any
    other error (KeyboardInterrupt, say) unchanged."""
    if type(error).__name__ == "PanicException":
        return InternalError(f"wasmer panicked: {error}")
    return error
