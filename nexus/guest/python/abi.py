"""The ABI `python`: Python modules in CPython."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from nexus.errors import InvalidHandler
from nexus.guest.python.guest import PythonGuest
from nexus.guest.python.runtime import load_runtime, read_own_runtime
from nexus.guest.python.sources import INDEX, PythonSources, list_files, read_sources, unpack
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

    def __init__(self, runtime: str = "", sha256: str = "") -> None:
        """Use the build of CPython at *runtime*, with digest *sha256*; empty: the pinned build.

        Raises: ConfigError if that build cannot be used.
        """
        self._own = read_own_runtime(Path(runtime), sha256) if runtime else None

    def files(self, entry: Path) -> Sequence[Path]:
        return list_files(entry)

    def read(self, entry: Path) -> RuntimeProgram:
        return self._program(read_sources(entry))

    def read_text(self, source: bytes) -> RuntimeProgram:
        try:
            text = source.decode()
        except UnicodeDecodeError as error:
            raise InvalidHandler(f"the source is not UTF-8 at byte {error.start}") from error
        return self._program(PythonSources(TEXT_NAME, {TEXT_NAME: text}))

    def runtime(self) -> Module:
        return self._cpython

    @cached_property
    def _cpython(self) -> Module:
        source = load_runtime() if self._own is None else self._own
        return Module(source, table=True)

    def _program(self, sources: PythonSources) -> RuntimeProgram:
        from nexus.guest.python.setup import SETUP_VERSION, boot_source, modules

        ours = "".join((boot_source(), *modules().values()))
        version = f"{SETUP_VERSION} {hashlib.sha256(ours.encode()).hexdigest()}"
        return RuntimeProgram(self.name, self._cpython, sources.pack(), version)

    def prepare(self, program: RuntimeProgram, start: Start) -> tuple[tuple[int, ...], Snapshot]:
        # Only the compiler's child calls this.
        from nexus.guest.python.setup import SetUp

        set_up = SetUp(unpack(program.sources))
        return set_up.prepare(*start(set_up.functions()))

    def guest(self, compiled: Compiled) -> PythonGuest:
        return PythonGuest()
