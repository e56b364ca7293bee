"""The interface of an engine, which compiles modules, loads them, and runs instances.

The contract tests in `tests/engines/` hold for every engine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias, runtime_checkable

from nexus.model import FuncType, ModuleInfo


@dataclass(frozen=True)
class HostFunction:
    """A function that the host offers to guests.

    *call* takes Python ints (or floats) in the signature's order and returns one, or None without
    a result. i32 and i64 arrive **signed** (a pointer needs `& 0xFFFFFFFF`) and must be returned
    signed. *call* must never raise: it records the reason on its run and returns a status
    (fact 9).
    """

    type: FuncType
    call: Callable[..., Any]


HostFunctions: TypeAlias = Mapping[tuple[str, str], HostFunction]
"""Maps (import module, import name) to a function"""


FUNCTION_PREFIX = "nexus.fn."
"""Prefix of exports that the rewriter adds for names in the name section"""


TABLE_ENTRANCE = "nexus.table"
"""Name of the export (index, a, b, c, d) -> result, all i32, which calls a function of table 0; the
rewriter adds it if a module asks for it"""


class EngineInstance(Protocol):
    """One instantiated module; only the thread that made it uses it."""

    def call(self, export: str) -> None:
        """Call a function that takes and returns nothing.

        Raises: GuestTrap, StackLimit or MemoryLimit for a trap. The caller first checks the run's
        stop reason, which wins over the trap that ended the guest.
        """
        ...

    def invoke(self, export: str, *arguments: int) -> int:
        """Call a function of i32 and i64 parameters and up to one such result.

        *arguments* and result are signed; return 0 without a result. Raises as `call` does.
        """
        ...

    def memory(self) -> memoryview:
        """Return the whole linear memory, writable, as bytes; a module without memory gives an
        empty view. Call this again after the guest ran, as its memory may have grown. The view
        does not keep the instance alive: drop the view first."""
        ...

    def memory_size(self) -> int:
        """Return the bytes of linear memory now."""
        ...

    def grow_memory(self, size_bytes: int) -> None:
        """Grow the memory to *size_bytes* (whole pages, not less than now).

        Raises: MemoryLimit above its maximum.
        """
        ...

    def read_globals(self) -> tuple[Any, ...]:
        """Return the values of the module's `mutable_globals`, in their order."""
        ...

    def write_globals(self, values: tuple[Any, ...]) -> None: ...

    def fuel(self) -> int:
        """Return the fuel left in the metering global (negative: overdrawn)."""
        ...

    def set_fuel(self, fuel: int) -> None: ...

    def set_depth(self, frames: int) -> None:
        """Let the guest nest *frames* frames. Set this before each call: a trap leaves the counter
        anywhere."""
        ...


class EngineModule(Protocol):
    """A loaded module with its imports linked; only the thread that loaded it uses it."""

    def instantiate(self) -> EngineInstance:
        """Make an instance (runs the start function, metered like all code).

        Raises: GuestError as `EngineInstance.call`.
        """
        ...


class Engine(Protocol):
    """Compiles in the compiler child; loads and runs in workers. One per process, thread-safe."""

    name: str
    compiler: str
    holds_gil: bool
    """whether a guest keeps the GIL while it runs, so that only one guest runs at a time"""
    fingerprint: str
    """versions and CPU features: part of the cache key"""

    def wat_to_wasm(self, text: str) -> bytes:
        """Assemble the text format. Raises: InvalidModule with the assembler's message."""
        ...

    def compile(self, wasm: bytes) -> bytes:
        """Compile to bytes for `load`. Called only in the compiler's child process.

        Raises: CompilationError.
        """
        ...

    def load(self, artifact: bytes, info: ModuleInfo, imports: HostFunctions) -> EngineModule:
        """Load for the calling thread. *imports* serve every instance of the module, of which the
        thread runs one at a time.

        Raises: CompilationError if this engine did not make the artifact.
        """
        ...


@runtime_checkable
class HoldsArtifacts(Protocol):
    """An engine that keeps an artifact for later loads, so that the process that forks for each
    set-up deserializes the language runtime once."""

    def hold(self, artifact: bytes) -> object:
        """Deserialize *artifact* for the calling thread. While the returned object lives, `load`
        on this thread does not do it again for these bytes.

        Raises: CompilationError if this engine did not make the artifact.
        """
        ...


@runtime_checkable
class ProvidesMemory(Protocol):
    """An engine that may want to provide the memories of modules, to use them again."""

    provides_memory: bool
    """whether modules import their memory (`nexus.wasm.format.names.MEMORY`)"""


@runtime_checkable
class Renews(Protocol):
    """An `EngineModule` that makes new instances of parts of earlier ones.

    A new instance's memory, globals, tables and segments are as its module declares them, whatever
    the earlier instance did: `tests/engines/test_renewal.py`.
    """

    def renew(self) -> EngineInstance:
        """Make an instance like `instantiate`, of what `retire` kept, if it kept anything.

        Nothing else may be mapped over the instance's memory. Raises: GuestError.
        """
        ...

    def retire(self, instance: EngineInstance) -> None:
        """Keep what can be used again of *instance*, made by `renew`; nobody may use it any more.
        The thread that made it calls this, and only after a clean exit."""
        ...

    def drop_kept(self) -> None:
        """Drop what `retire` kept: its thread has too many such modules."""
        ...


EngineFactory: TypeAlias = Callable[[str, Path], Engine]
"""Makes an engine from (compiler, folder for its files). Raises EngineUnavailable, with what to
install. *compiler* is the setting; `auto` leaves the choice to the engine"""
