"""Finds a guest ABI: by a handler's file, by its module, by name."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from nexus.errors import (
    EngineUnavailable,
    InternalError,
    InvalidHandler,
    NexusError,
    is_interrupt,
)
from nexus.model import Compiled, Export, Import
from nexus.plugin_api.abi import Abi, Module, Program
from nexus.plugin_api.guest import Guest

log = logging.getLogger("nexus.guest")

T = TypeVar("T")


class Abis:
    """The guest ABIs of one process. Immutable."""

    def __init__(self, abis: Iterable[Abi]) -> None:
        """Register *abis*; `recognise` asks them in this order."""
        self._abis = tuple(abis)
        self._by_name = {abi.name: abi for abi in self._abis}
        self._by_suffix: dict[str, Abi] = {}
        for abi in self._abis:
            for suffix in abi.suffixes:
                self._by_suffix.setdefault(suffix, abi)
        self.indexes = tuple(abi.index for abi in self._abis if abi.index)
        """names of files; a folder that holds one of them is a handler"""

    @property
    def suffixes(self) -> Sequence[str]:
        """Return the suffixes of handler files."""
        found = [suffix for abi in reversed(self._abis) for suffix in abi.suffixes]
        return tuple(dict.fromkeys(found))

    def of_file(self, path: Path) -> Abi | None:
        """Return the ABI that reads the file at *path*, by its suffix, or None if no ABI does."""
        return self._by_suffix.get(path.suffix)

    def files(self, path: Path) -> Sequence[Path]:
        """Return the files of the handler at *path*, *path* first. Raises: InvalidHandler."""
        abi = self.of_file(path)
        return [path] if abi is None else _asked(abi, path.name, lambda: abi.files(path))

    def runtime_for(self, path: Path) -> Module | None:
        """Return the language runtime of the handler at *path*, or None if it has none.

        Raises: InvalidHandler.
        """
        abi = self.of_file(path)
        return None if abi is None else _asked(abi, path.name, abi.runtime)

    def read(self, path: Path) -> Program:
        """Read the handler at *path*. Raises: InvalidHandler."""
        abi = self.of_file(path)
        if abi is None:
            allowed = ", ".join(self.suffixes)
            raise InvalidHandler(f"{path.name}: found {path.suffix or 'no suffix'}: {allowed}")
        return _asked(abi, path.name, lambda: abi.read(path))

    def of_language(self, language: str) -> Abi:
        """Return the ABI of *language*. Raises: InvalidHandler if no ABI runs it."""
        languages = {abi.language: abi for abi in self._abis if abi.language}
        if language not in languages:
            allowed = ", ".join(sorted(languages))
            raise InvalidHandler(f"language: found {language!r}, allowed: {allowed}")
        return languages[language]

    def read_text(self, language: str, source: bytes) -> Program:
        """Read *source* as a handler in *language*. Raises: InvalidHandler."""
        abi = self.of_language(language)
        return _asked(abi, "source text", lambda: abi.read_text(source))

    def recognise(self, imports: Sequence[Import], exports: Sequence[Export]) -> str:
        """Return the name of the ABI that a module speaks, judged by its *imports* and *exports*.

        Raises: InvalidHandler, naming the missing or the excess import or export.
        """
        abi = next((abi for abi in self._abis if abi.matches(imports, exports)), None)
        if abi is None:
            raise InvalidHandler("the module speaks no ABI that is known here")
        abi.check(imports, exports)
        return abi.name

    def named(self, name: str) -> Abi:
        """Return the ABI called *name*. Raises: InternalError if no ABI is."""
        found = self._by_name.get(name)
        if found is None:
            raise InternalError(f"no guest ABI has the name {name!r}")
        return found

    def guest_for(self, compiled: Compiled) -> Guest:
        """Make the host's side of *compiled* for the calling thread.

        Raises: InternalError if its ABI is unknown.
        """
        return self.named(compiled.abi).guest(compiled)

    def can_defer(self, compiled: Compiled) -> bool:
        """Return whether guests of *compiled* accept `Deferred` as an answer."""
        return self.named(compiled.abi).can_defer(compiled)


def _asked(abi: Abi, about: str, call: Callable[[], T]) -> T:
    """Return what *call* returns, which asks *abi* about a handler.

    *abi* may be a plugin's: what it raises concerns this one handler. Raises: InvalidHandler, also
        if the language runtime cannot be used; any other NexusError that *call* raises.
    """
    try:
        return call()
    except EngineUnavailable as error:
        raise InvalidHandler(str(error)) from error
    except NexusError:
        raise
    except BaseException as error:
        if is_interrupt(error):
            raise
        log.exception("guest ABI %s failed on %s", abi.name, about)
        raise InvalidHandler(
            f"guest ABI {abi.name} failed with {type(error).__name__}: {error}"
        ) from error
