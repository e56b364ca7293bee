"""The ABI `python`: Python modules in CPython."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from nexus.guest.bundle import Bundle, unpack_bundle
from nexus.guest.python.guest import DEFERS, PythonGuest
from nexus.guest.python.library import Library, check_library, read_library, split
from nexus.guest.python.runtime import load_runtime, read_own_runtime
from nexus.guest.python.sources import INDEX, check_text, list_files, read_bundle, with_zones
from nexus.model import Compiled, Snapshot
from nexus.plugin_api.abi import AbiBase, Module, RuntimeProgram, Start

TEXT_NAME = "source.py"
"""the file name that error messages show for source text without a file"""


class PythonAbi(AbiBase):
    """Handlers in Python; they share CPython's code, and each has a snapshot of its own."""

    name = "python"
    language = "python"
    suffixes = (".py",)
    index = INDEX
    set_up_modules = ("nexus.guest.python.setup",)

    def __init__(self, runtime: str = "", sha256: str = "", library: str = "") -> None:
        """Use the build of CPython at *runtime*, with digest *sha256*; empty: the pinned build.
        *library* is the path of its standard library; empty: it is inside the build.

        Raises: ConfigError if that build or its library cannot be used.
        """
        self._own = read_own_runtime(Path(runtime), sha256) if runtime else None
        self._library_path = Path(library) if library else None
        if self._library_path is not None:
            check_library(self._library_path)

    def files(self, entry: Path) -> Sequence[Path]:
        return list_files(entry)

    def read(self, entry: Path) -> RuntimeProgram:
        return self._program(read_bundle(entry))

    def read_text(self, source: bytes) -> RuntimeProgram:
        """Read *source* as a module, or as a script whose last expression is the result."""
        check_text(TEXT_NAME, source)
        return self._program(with_zones(Bundle(TEXT_NAME, {TEXT_NAME: source}, is_text=True)))

    def runtime(self) -> Module:
        return self._cpython

    @cached_property
    def _cpython(self) -> Module:
        source = load_runtime() if self._own is None else self._own
        return Module(source, table=True)

    @cached_property
    def _library(self) -> Library | None:
        return None if self._library_path is None else read_library(self._library_path)

    def _program(self, bundle: Bundle) -> RuntimeProgram:
        from nexus.guest.python.setup import SETUP_VERSION, boot_source, modules

        ours = "".join((boot_source(), *modules().values()))
        version = f"{SETUP_VERSION} {hashlib.sha256(ours.encode()).hexdigest()}"
        whole = bundle if self._library is None else self._library.beside(bundle)
        return RuntimeProgram(self.name, self._cpython, whole.pack(), version)

    def prepare(self, program: RuntimeProgram, start: Start) -> tuple[tuple[int, ...], Snapshot]:
        # Only the compiler's child calls this.
        from nexus.guest.python.setup import SetUp

        set_up = SetUp(*split(unpack_bundle(program.sources)))
        return set_up.prepare(*start(set_up.functions()))

    def can_defer(self, compiled: Compiled) -> bool:
        prepared = compiled.prepared
        return prepared is not None and bool(prepared.entry[2] & DEFERS)

    def guest(self, compiled: Compiled) -> PythonGuest:
        return PythonGuest(self._library)
