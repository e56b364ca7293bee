"""What a guest ABI is: it recognises handlers of one kind, prepares them and makes their guests.

A handler is a WebAssembly module itself (`ModuleProgram`), or sources for a language runtime that
is a module (`RuntimeProgram`). A runtime is compiled once for all its handlers; each handler is the
state of the runtime after it has loaded the handler's sources, which the ABI brings about once, in
the compiler's child process (`Abi.prepare`).
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
    """A WebAssembly module as it comes: not metered, not compiled."""

    source: bytes = field(repr=False)
    is_text: bool = False
    """the module is in the text format"""
    functions: tuple[str, ...] = ()
    """to export by their names in the name section, as `FUNCTION_PREFIX` and the name"""
    table: bool = False
    """export a function that calls those of table 0 (`TABLE_ENTRANCE`)"""

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all that decides what is compiled, in hexadecimal."""
        kind = f"{self.is_text} {self.functions} {self.table} ".encode()
        return hashlib.sha256(kind + hashlib.sha256(self.source).digest()).hexdigest()


@dataclass(frozen=True)
class ModuleProgram:
    """A handler that is a WebAssembly module itself; its imports and exports tell its ABI."""

    module: Module


@dataclass(frozen=True)
class RuntimeProgram:
    """A handler's sources, and the language runtime that loads them."""

    abi: str
    """name of the ABI that prepares it"""
    runtime: Module
    sources: bytes = field(repr=False)
    """all the handler is made of, in a form that the ABI's `prepare` reads"""
    version: str
    """part of the cache key: another one where `prepare` would leave another state"""


def snapshot_of(instance: EngineInstance) -> Snapshot:
    """Return the state of *instance* now; one serves all instances of a module, in every thread."""
    return Snapshot(bytes(instance.memory()), instance.read_globals())


Program: TypeAlias = ModuleProgram | RuntimeProgram


class Start(Protocol):
    """Makes an instance of the language runtime for `Abi.prepare`."""

    def __call__(self, functions: HostFunctions) -> tuple[EngineInstance, Run]:
        """Return a new instance linked with *functions*, and the run that limits it from now on.

        Called once in a preparation. Raises: GuestError.
        """
        ...


class Abi(Protocol):
    """One guest ABI. One object per process; thread-safe. `AbiBase` has defaults for most of it."""

    name: str
    """lower case letters, digits and `-`: what `nexus inspect` shows and artifacts carry"""
    language: str
    """what callers name source text by, such as `javascript`; empty: it takes no source text"""
    index: str
    """the file that makes a folder a handler, such as `index.js`; empty: none does"""
    can_defer: bool
    """whether its guests can take `DEFERRED` for an answer, and go on from an image"""

    @property
    def suffixes(self) -> Sequence[str]:
        """The suffixes of files that are handlers, such as `.js`."""
        ...

    def files(self, entry: Path) -> Sequence[Path]:
        """Return the files that the handler at *entry* is made of, *entry* first; a change of one
        is a change of the handler, and so is its coming to exist.

        Raises: InvalidHandler.
        """
        ...

    def read(self, entry: Path) -> Program:
        """Read the handler at *entry*. Raises: InvalidHandler."""
        ...

    def read_text(self, source: bytes) -> Program:
        """Take *source*, which is in no file, for a handler. Raises: InvalidHandler."""
        ...

    def matches(self, imports: Sequence[Import], exports: Sequence[Export]) -> bool:
        """Return whether a module is meant for this ABI, by its imports and exports. The first ABI
        that matches is asked to `check` it."""
        ...

    def check(self, imports: Sequence[Import], exports: Sequence[Export]) -> None:
        """Raises: InvalidHandler, with a sentence that names what is missing or too much."""
        ...

    def runtime(self) -> Module | None:
        """Return the language runtime; None: handlers are modules themselves.

        Raises: EngineUnavailable where its package is missing.
        """
        ...

    def prepare(self, program: RuntimeProgram, start: Start) -> tuple[tuple[int, ...], Snapshot]:
        """Bring an instance of the runtime to where requests of *program* start, in the compiler's
        child.

        Returns: what guests need to enter the snapshot, as `Prepared.entry`, and the snapshot
            (`snapshot_of`), which may have been taken in the middle of a call.
        Raises: CompilationError saying where the sources are wrong.
        """
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
    can_defer = False

    def files(self, entry: Path) -> Sequence[Path]:
        return [entry]

    def read(self, entry: Path) -> Program:
        raise InvalidHandler(f"{entry.name}: the ABI {self.name} reads no files")

    def read_text(self, source: bytes) -> Program:
        raise InvalidHandler(f"the ABI {self.name} takes no source text")

    def matches(self, imports: Sequence[Import], exports: Sequence[Export]) -> bool:
        return False

    def check(self, imports: Sequence[Import], exports: Sequence[Export]) -> None:
        """Accept every module that matches."""

    def runtime(self) -> Module | None:
        return None

    def prepare(self, program: RuntimeProgram, start: Start) -> tuple[tuple[int, ...], Snapshot]:
        raise CompilationError(f"the ABI {self.name} prepares nothing")
