"""What an engine is: compiles modules, loads them, runs instances.

One contract suite, `tests/engines/`, holds every engine to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from nexus.model import FuncType, ModuleInfo


@dataclass(frozen=True)
class HostFunction:
    """A function the host offers to guests.

    *call* takes Python ints (or floats) in the signature's order and returns one, or None where
    there is no result. i32 and i64 arrive **signed** (a pointer needs `& 0xFFFFFFFF`) and must
    leave signed. It must never raise: it notes the reason on its run and returns a status
    (fact 9).
    """

    type: FuncType
    call: Callable[..., Any]


HostFunctions: TypeAlias = Mapping[tuple[str, str], HostFunction]
"""(import module, import name) -> function"""


FUNCTION_PREFIX = "nexus.fn."
"""of exports that the rewriter adds by the names of the name section"""


TABLE_ENTRANCE = "nexus.table"
"""of the export (index, a, b, c, d) -> result, all i32, which calls a function of table 0; the
rewriter adds it where a module asks for it"""


class EngineInstance(Protocol):
    """One instantiated module; used only by the thread that made it."""

    def call(self, export: str) -> None:
        """Call a function that takes and returns nothing.

        Raises: GuestTrap, StackLimit or MemoryLimit for a trap. Whoever calls asks its run first
        why it stopped: a stop reason noted there wins over the trap that ended the guest.
        """
        ...

    def invoke(self, export: str, *arguments: int) -> int:
        """Call a function of i32 and i64 parameters and at most one such result.

        *arguments* and result are signed; 0 where there is no result. Raises as `call`.
        """
        ...

    def memory(self) -> memoryview:
        """The whole linear memory now, writable, as bytes. Take it anew after the guest ran:
        the guest may have grown it. It does not keep the instance alive: let go of it first.
        Empty where the module has no memory."""
        ...

    def memory_size(self) -> int:
        """Bytes of linear memory now."""
        ...

    def grow_memory(self, size_bytes: int) -> None:
        """Make the memory *size_bytes* long (whole pages, not less than now).

        Raises: MemoryLimit above its maximum.
        """
        ...

    def read_globals(self) -> tuple[Any, ...]:
        """Values of the module's `mutable_globals`, in their order."""
        ...

    def write_globals(self, values: tuple[Any, ...]) -> None: ...

    def fuel(self) -> int:
        """What is left in the metering global (negative: overdrawn)."""
        ...

    def set_fuel(self, fuel: int) -> None: ...

    def set_depth(self, frames: int) -> None:
        """Let the guest make *frames* frames at once; to be set anew before each call, since a
        trap leaves it anywhere."""
        ...


class EngineModule(Protocol):
    """A loaded module with its imports linked; used only by the thread that loaded it."""

    def instantiate(self) -> EngineInstance:
        """Make an instance (runs the start function, metered like everything).

        Raises: GuestError as `EngineInstance.call`.
        """
        ...


class Engine(Protocol):
    """Compiles in the compiler child; loads and runs in workers. One per process, thread-safe."""

    name: str
    compiler: str
    holds_gil: bool
    """whether a guest keeps the GIL while it runs, so that one at a time does"""
    fingerprint: str
    """versions and CPU features: part of the cache key"""

    def wat_to_wasm(self, text: str) -> bytes:
        """Raises: InvalidModule with the assembler's message."""
        ...

    def compile(self, wasm: bytes) -> bytes:
        """Compile to bytes that `load` takes. Only ever called in the compiler child.

        Raises: CompilationError.
        """
        ...

    def load(self, artifact: bytes, info: ModuleInfo, imports: HostFunctions) -> EngineModule:
        """Load for the calling thread. *imports* serve every instance made from it; a thread
        runs one of them at a time.

        Raises: CompilationError where the artifact is not this engine's.
        """
        ...


EngineFactory: TypeAlias = Callable[[str, Path], Engine]
"""(compiler, folder for what it keeps) -> engine; raises EngineUnavailable, saying what to install.
*compiler* is the setting: `auto` leaves the choice"""
