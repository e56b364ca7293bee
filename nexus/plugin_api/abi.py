"""The interface of a guest ABI: it recognises one kind of handler, prepares it, makes its guests.

A handler is either a WebAssembly module (`ModuleProgram`), or sources for a language runtime, which
is a module (`RuntimeProgram`). A runtime is compiled once for all its handlers. The ABI makes it
load each handler's sources once, in the compiler's child process (`Abi.prepare`); instances of the
handler start from the state after that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol, TypeAlias

from nexus.errors import CompilationError, InvalidHandler
from nexus.model import Compiled, Export, Import, Snapshot
from nexus.plugin_api.engine import EngineInstance, HostFunctions
from nexus.plugin_api.guest import Guest, Run


@dataclass(frozen=True)
class Module:
    """A WebAssembly module in its original form: not metered, not compiled."""

    source: bytes = field(repr=False)
    is_text: bool = False
    """the module is in the text format"""
    functions: tuple[str, ...] = ()
    """functions to export by their names in the name section, as `FUNCTION_PREFIX` and the name"""
    table: bool = False
    """whether to export a function that calls those of table 0 (`TABLE_ENTRANCE`)"""

    @cached_property
    def digest(self) -> str:
        """The SHA-256, in hexadecimal, of everything that decides what is compiled."""
        kind = f"{self.is_text} {self.functions} {self.table} ".encode()
        return hashlib.sha256(kind + hashlib.sha256(self.source).digest()).hexdigest()


@dataclass(frozen=True)
class ModuleProgram:
    """A handler that is a WebAssembly module itself; its imports and exports show its ABI."""

    module: Module


@dataclass(frozen=True)
class RuntimeProgram:
    """A handler's sources, and the language runtime that loads them."""

    abi: str
    """name of the ABI that prepares it"""
    runtime: Module
    sources: bytes = field(repr=False)
    """all parts of the handler, in a form that the ABI's `prepare` reads"""
    version: str
    """part of the cache key; change it if `prepare` would leave another state"""


def snapshot_of(instance: EngineInstance) -> Snapshot:
    """Return the state of *instance* now, for all instances of the module, in every thread."""
    return Snapshot(bytes(instance.memory()), instance.read_globals())


Program: TypeAlias = ModuleProgram | RuntimeProgram


class Start(Protocol):
    """Makes an instance of the language runtime for `Abi.prepare`."""

    def __call__(self, functions: HostFunctions) -> tuple[EngineInstance, Run]:
        """Return a new instance linked with *functions*, and the run that limits it from now on.

        Called once for each preparation. Raises: GuestError.
        """
        ...


class Abi(Protocol):
    """A guest ABI. One object per process; thread-safe. `AbiBase` has defaults for most of it."""

    name: str
    """lower case letters, digits and `-`; shown by `nexus inspect` and stored in artifacts"""
    language: str
    """callers' name for its source text, such as `javascript`; empty: it takes no source text"""
    index: str
    """the file that makes a folder a handler, such as `index.js`; empty: no file does"""

    @property
    def suffixes(self) -> Sequence[str]:
        """The file suffixes of handlers, such as `.js`."""
        ...

    def files(self, entry: Path) -> Sequence[Path]:
        """Return the files of the handler at *entry*, *entry* first. If one of them changes or
        appears, the handler is loaded again.

        Raises: InvalidHandler.
        """
        ...

    def read(self, entry: Path) -> Program:
        """Read the handler at *entry*. Raises: InvalidHandler."""
        ...

    def read_text(self, source: bytes) -> Program:
        """Make a handler of *source*, which is not in a file. Raises: InvalidHandler."""
        ...

    def matches(self, imports: Sequence[Import], exports: Sequence[Export]) -> bool:
        """Return whether a module is meant for this ABI, by its imports and exports. The first
        ABI that matches must then `check` it."""
        ...

    def check(self, imports: Sequence[Import], exports: Sequence[Export]) -> None:
        """Raises: InvalidHandler, with a sentence that names what is missing or not allowed."""
        ...

    def runtime(self) -> Module | None:
        """Return the language runtime; None: handlers are modules themselves.

        Raises: EngineUnavailable where its package is missing.
        """
        ...

    def prepare(self, program: RuntimeProgram, start: Start) -> tuple[tuple[int, ...], Snapshot]:
        """Bring an instance of the runtime to the point where requests of *program* start. Runs in
        the compiler's child process.

        Returns: the `Prepared.entry` that guests need to enter the snapshot, and the snapshot
            (`snapshot_of`), which may have been taken in the middle of a call.
        Raises: CompilationError saying where the sources are wrong.
        """
        ...

    def can_defer(self, compiled: Compiled) -> bool:
        """Return whether guests of *compiled* accept the answer `Deferred`, and can continue from
        an image."""
        ...

    def guest(self, compiled: Compiled) -> Guest:
        """Make the host's side of *compiled* for the calling thread."""
        ...


class AbiBase:
    """Defaults for an `Abi` whose handlers are single files."""

    name = ""
    language = ""
    suffixes: Sequence[str] = ()
    index = ""
    set_up_modules: Sequence[str] = ()
    """Python modules that `prepare` imports: where many handlers are prepared, imported once"""

    def warm_up(self, runtime: Module) -> None:
        """Do once what each `prepare` on *runtime* would do anew, and keep the result: processes
        that prepare handlers are forked from the one that calls this."""

    def files(self, entry: Path) -> Sequence[Path]:
        return [entry]

    def read(self, entry: Path) -> Program:
        raise InvalidHandler(f"{entry.name}: the ABI {self.name} does not read files")

    def read_text(self, source: bytes) -> Program:
        raise InvalidHandler(f"the ABI {self.name} does not take source text")

    def matches(self, imports: Sequence[Import], exports: Sequence[Export]) -> bool:
        return False

    def check(self, imports: Sequence[Import], exports: Sequence[Export]) -> None:
        """Accept every module that matches."""

    def runtime(self) -> Module | None:
        return None

    def prepare(self, program: RuntimeProgram, start: Start) -> tuple[tuple[int, ...], Snapshot]:
        raise CompilationError(f"the ABI {self.name} prepares nothing")

    def can_defer(self, compiled: Compiled) -> bool:
        return False
