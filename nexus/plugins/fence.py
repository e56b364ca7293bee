"""Fences what a plugin's factory makes: whatever it raises becomes an error that names the plugin.

Every call of such an engine is fenced, but of a policy only its making. The built-in engines are
not fenced: their calls cost nothing more.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar

from nexus.errors import InternalError, NexusError, PluginError, is_interrupt
from nexus.model import ModuleInfo
from nexus.plugin_api.engine import (
    Engine,
    EngineFactory,
    EngineInstance,
    EngineModule,
    HostFunctions,
)
from nexus.plugin_api.scheduling import Ticket
from nexus.plugins import offers
from nexus.plugins.check import described

T = TypeVar("T")

Blame = Callable[[str], PluginError]
"""Makes the error that stops the start from a reason"""


class Container(Protocol):
    """The methods that a scheduling policy cannot do without."""

    def push(self, ticket: Ticket) -> None: ...

    def pop(self) -> Ticket | None: ...

    def remove(self, ticket: Ticket) -> None: ...


def checked(name: str, make: Callable[..., T], protocol: type, blame: Blame) -> Callable[..., T]:
    """Return *make*, the factory of the thing called *name*, with a check of what it returns.

    The factory raises NexusError as *make* does. Anything else that *make* raises, and a result
    that lacks a member of *protocol*, is a PluginError.
    """

    def factory(*arguments: Any) -> T:
        try:
            made = make(*arguments)
        except NexusError:
            raise
        except BaseException as error:
            if is_interrupt(error):
                raise
            raise blame(f"{name!r} cannot be made: {described(error)}") from error
        try:
            offers.objects([made], protocol)
        except ValueError as error:
            raise blame(f"{name!r}: {error}") from None
        return made

    return factory


def fenced(plugin: str, name: str, make: EngineFactory, blame: Blame) -> EngineFactory:
    """Return *make*, the factory of *plugin*'s engine called *name*, for fenced engines."""
    checked_make = checked(name, make, Engine, blame)

    def factory(compiler: str, cache_dir: Path) -> Engine:
        engine = checked_make(compiler, cache_dir)
        if engine.name != name:  # the compiler's child finds the engine by this name
            raise blame(f"the engine made as {name!r} calls itself {engine.name!r}")
        return _Engine(Fence(plugin), engine)

    return factory


class Fence:
    def __init__(self, plugin: str) -> None:
        self._plugin = plugin

    def __call__(self, step: str, call: Callable[..., T], *arguments: Any) -> T:
        try:
            return call(*arguments)
        except (NexusError, MemoryError):  # the compiler's child reports lack of memory by itself
            raise
        except BaseException as error:
            if is_interrupt(error):
                raise
            reason = f"the engine of plugin {self._plugin} failed in {step}: {described(error)}"
            raise InternalError(reason) from error


class _Engine:
    """See `nexus.plugin_api.engine.Engine`."""

    def __init__(self, fence: Fence, engine: Engine) -> None:
        self._fence, self._engine = fence, engine
        self.name, self.compiler = engine.name, engine.compiler
        self.holds_gil, self.fingerprint = engine.holds_gil, engine.fingerprint

    def wat_to_wasm(self, text: str) -> bytes:
        return self._fence("wat_to_wasm", self._engine.wat_to_wasm, text)

    def compile(self, wasm: bytes) -> bytes:
        return self._fence("compile", self._engine.compile, wasm)

    def load(self, artifact: bytes, info: ModuleInfo, imports: HostFunctions) -> EngineModule:
        module = self._fence("load", self._engine.load, artifact, info, imports)
        return _Module(self._fence, module)


class _Module:
    """See `nexus.plugin_api.engine.EngineModule`."""

    def __init__(self, fence: Fence, module: EngineModule) -> None:
        self._fence, self._module = fence, module

    def instantiate(self) -> EngineInstance:
        return _Instance(self._fence, self._fence("instantiate", self._module.instantiate))


class _Instance:
    """See `nexus.plugin_api.engine.EngineInstance`."""

    def __init__(self, fence: Fence, instance: EngineInstance) -> None:
        self._fence, self._instance = fence, instance

    def call(self, export: str) -> None:
        self._fence("call", self._instance.call, export)

    def invoke(self, export: str, *arguments: int) -> int:
        return self._fence("invoke", self._instance.invoke, export, *arguments)

    def memory(self) -> memoryview:
        return self._fence("memory", self._instance.memory)

    def memory_size(self) -> int:
        return self._fence("memory_size", self._instance.memory_size)

    def grow_memory(self, size_bytes: int) -> None:
        self._fence("grow_memory", self._instance.grow_memory, size_bytes)

    def read_globals(self) -> tuple[Any, ...]:
        return self._fence("read_globals", self._instance.read_globals)

    def write_globals(self, values: tuple[Any, ...]) -> None:
        self._fence("write_globals", self._instance.write_globals, values)

    def fuel(self) -> int:
        return self._fence("fuel", self._instance.fuel)

    def set_fuel(self, fuel: int) -> None:
        self._fence("set_fuel", self._instance.set_fuel, fuel)

    def set_depth(self, frames: int) -> None:
        self._fence("set_depth", self._instance.set_depth, frames)
