"""What the tests of `nexus.guest` run guests with: two real engines, and guests in Python.

The engines here are bare: no metering, no checkpoints. Wasmtime's own fuel stands in for it, so a
stopped run ends as it would in production; with wasmer a guest has to end by itself.
"""

from __future__ import annotations

import ctypes
import struct
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import wasmtime

from nexus.errors import GuestTrap, NexusError
from nexus.guest.preview1.signatures import MODULE
from nexus.guest.wasi.guest import WasiGuest
from nexus.model import (
    Compiled,
    Context,
    Effects,
    ExtensionAnswer,
    Handler,
    HttpRequest,
    Limits,
    ModuleInfo,
    Task,
    Usage,
)
from nexus.plugin_api.capabilities import Capabilities
from nexus.plugin_api.engine import HostFunctions
from nexus.plugin_api.guest import Guest, Outbound
from nexus.run.perform import perform as perform_task

PAGE_BYTES = 65536
FUEL = 50_000_000


def handler(**fields: Any) -> Handler:
    info = ModuleInfo((), (), 1, 1, True, (), None, False, 1, 100, 8)
    compiled = Compiled("key", b"", info, "wasi")
    return Handler(**{"name": "hello", "route": "/hello", "compiled": compiled, **fields})


def request(body: bytes = b"", **meta: Any) -> HttpRequest:
    return HttpRequest({"REQUEST_METHOD": "GET", "PATH_INFO": "/hello", **meta}, body)


class LocalRun:
    """A run without watchdog; *stop* ends the instance at its next fuel check."""

    def __init__(self, limits: Limits | None = None, timeout_s: float = 60.0) -> None:
        self.execution_id = "test"
        self.limits = limits or Limits()
        self.deadline = time.monotonic() + timeout_s
        self.usage = Usage()
        self.stderr = bytearray()
        self.stopped: NexusError | None = None
        self.instance: WasmtimeInstance | None = None
        self.capabilities = Capabilities()
        self.effects = Effects()
        self.outbound: Outbound | None = None
        self.answer: ExtensionAnswer | None = ExtensionAnswer(True, b"null")
        """what any extension answers"""
        self.called: list[tuple[str, str, bytes]] = []
        self.key_value = None
        self.before_stop: Callable[[int], bool] | None = None

    def call_extension(self, name: str, method: str, arguments: bytes) -> ExtensionAnswer | None:
        self.called.append((name, method, arguments))
        return self.answer

    def outside(self) -> AbstractContextManager[None]:
        """There is no other run."""
        return nullcontext()

    def give_way(self) -> None:
        """There is no other run."""

    def stop(self, reason: NexusError) -> None:
        if self.stopped is None:
            self.stopped = reason
            if self.instance is not None:
                self.instance.set_fuel(0)


class NoMetering:
    """The rest of `EngineInstance`, which guest ABIs do not use."""

    def read_globals(self) -> tuple[Any, ...]:
        return ()

    def write_globals(self, values: tuple[Any, ...]) -> None:
        assert values == ()

    def fuel(self) -> int:
        return 0

    def set_fuel(self, fuel: int) -> None: ...

    def set_depth(self, frames: int) -> None: ...


class WasmtimeInstance(NoMetering):
    """A module in wasmtime."""

    def __init__(self, wasm: bytes, functions: HostFunctions) -> None:
        config = wasmtime.Config()
        config.consume_fuel = True
        engine = wasmtime.Engine(config)
        self._store = wasmtime.Store(engine)
        self._store.set_fuel(FUEL)
        module = wasmtime.Module(engine, wasm)
        linked = [
            self._function(functions[item.module, item.name or ""]) for item in module.imports
        ]
        self._exports: Any = wasmtime.Instance(self._store, module, linked).exports(self._store)

    def _function(self, function: Any) -> wasmtime.Func:
        kinds = {"i32": wasmtime.ValType.i32(), "i64": wasmtime.ValType.i64()}
        signature = wasmtime.FuncType(
            [kinds[name] for name in function.type.params],
            [kinds[name] for name in function.type.results],
        )
        return wasmtime.Func(self._store, signature, function.call)

    def call(self, export: str) -> None:
        try:
            self._exports[export](self._store)
        except wasmtime.WasmtimeError as error:
            raise GuestTrap(str(error)) from error
        except wasmtime.Trap as error:
            raise GuestTrap(str(error)) from error

    def memory(self) -> memoryview:
        memory = self._exports.get("memory")
        if memory is None:
            return memoryview(bytearray())
        address = ctypes.addressof(memory.data_ptr(self._store).contents)
        array = (ctypes.c_ubyte * memory.data_len(self._store)).from_address(address)
        return memoryview(array).cast("B")

    def set_fuel(self, fuel: int) -> None:
        self._store.set_fuel(fuel)


class WasmerInstance(NoMetering):
    """A module in wasmer with Cranelift; CPython 3.10 only."""

    def __init__(self, wasm: bytes, functions: HostFunctions) -> None:
        import wasmer
        import wasmer_compiler_cranelift

        self._store = wasmer.Store(wasmer.engine.Universal(wasmer_compiler_cranelift.Compiler))
        module = wasmer.Module(self._store, wasm)
        kinds = {"i32": wasmer.Type.I32, "i64": wasmer.Type.I64}
        linked: dict[str, dict[str, Any]] = {}
        for item in module.imports:
            function = functions[item.module, item.name]
            signature = wasmer.FunctionType(
                [kinds[name] for name in function.type.params],
                [kinds[name] for name in function.type.results],
            )
            functions_of = linked.setdefault(item.module, {})
            functions_of[item.name] = wasmer.Function(self._store, function.call, signature)
        imports = wasmer.ImportObject()
        for name, functions_of in linked.items():
            imports.register(name, functions_of)
        self._exports = wasmer.Instance(module, imports).exports

    def call(self, export: str) -> None:
        try:
            getattr(self._exports, export)()
        except RuntimeError as error:
            raise GuestTrap(str(error)) from error

    def memory(self) -> memoryview:
        return memoryview(self._exports.memory.buffer)


ENGINES: dict[str, Any] = {"wasmtime": WasmtimeInstance}
if sys.version_info < (3, 11):
    ENGINES["wasmer"] = WasmerInstance


class Host:
    """The functions of WASI as a guest written in Python calls them, and its memory."""

    def __init__(self, functions: HostFunctions, memory: bytearray) -> None:
        self._functions = functions
        self.memory = memory

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return self._functions[MODULE, name].call

    def nexus(self, name: str, *arguments: int) -> int:
        """Call a function of the module `nexus`."""
        return int(self._functions["nexus", name].call(*arguments))

    def put(self, pointer: int, *values: int) -> int:
        """Store u32 values and return the pointer."""
        struct.pack_into(f"<{len(values)}I", self.memory, pointer, *values)
        return pointer

    def u32(self, pointer: int) -> int:
        return int.from_bytes(self.memory[pointer : pointer + 4], "little")

    def u64(self, pointer: int) -> int:
        return int.from_bytes(self.memory[pointer : pointer + 8], "little")

    def print(self, content: bytes, fd: int = 1) -> int:
        """Write *content* to *fd* through one iovec at address 0."""
        self.memory[16 : 16 + len(content)] = content
        return int(self.fd_write(fd, self.put(0, 16, len(content)), 1, 8))


Script = Callable[[Host], object]


class PythonInstance(NoMetering):
    """An instance whose `_start` is a Python function: the host cannot tell the difference."""

    def __init__(self, guest: Guest, script: Script, memory: bytearray) -> None:
        self.host = Host(guest.functions(), memory)
        self._script = script

    def call(self, export: str) -> None:
        assert export == "_start"
        self._script(self.host)

    def memory(self) -> memoryview:
        return memoryview(self.host.memory)


def perform(
    script: Script,
    task: Task[Any] | None = None,
    *,
    run: LocalRun | None = None,
    guest: WasiGuest | None = None,
    handler_: Handler | None = None,
    memory_bytes: int = PAGE_BYTES,
) -> Any:
    """Perform *task* (a context, unless given) with *script* as the guest."""
    guest = guest or WasiGuest()
    instance = PythonInstance(guest, script, bytearray(memory_bytes))
    return perform_task(
        guest, instance, task or Context(b"{}"), handler_ or handler(), run or LocalRun()
    )


def ask(question: Callable[[Host], Any], **options: Any) -> Any:
    """Return what *question* returns when asked inside a guest."""
    answers: list[Any] = []

    def script(host: Host) -> None:
        answers.append(question(host))
        host.print(b"null")

    perform(script, **options)
    return answers[0]
