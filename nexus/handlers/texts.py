"""Handlers from source text that an embedding program passes, not from files."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import Final, Protocol

from nexus.guest import Abis
from nexus.model import Compiled, Handler, Limits
from nexus.plugin_api.abi import Program

NAME: Final = "<source>"
"""The name of all of them in logs and metrics; a folder's handler cannot have this name"""

KEPT: Final = 8
"""The number kept in memory, some 7 MB each; the cache on disk has more"""


class CompilesPrograms(Protocol):
    """The part of a compiler that source texts use."""

    def compile_program(self, program: Program, memory_bytes: int) -> Compiled: ...

    def program_tier(self, program: Program, memory_bytes: int) -> str: ...


class SourceTexts:
    """The handlers of the texts used last. Thread-safe."""

    def __init__(
        self,
        abis: Abis,
        compiler: CompilesPrograms,
        limits: Callable[[], Limits],
        changed: Callable[[], None],
    ) -> None:
        """*limits* returns those in force, which may change; *changed* is called when `handlers`
        has changed."""
        self._abis, self._compiler = abis, compiler
        self._limits, self._changed = limits, changed
        self._lock = threading.Lock()  # guards _kept
        self._kept: OrderedDict[bytes, Handler] = OrderedDict()

    def get(self, source: bytes, language: str = "javascript") -> tuple[Handler, bool]:
        """Return the handler for *source*, and whether it had to be compiled now.

        Raises: InvalidHandler for a text too long; CompilationError.
        """
        program = self._abis.read_text(language, source)
        limits = self._limits()
        memory_bytes = limits.memory_bytes
        key = hashlib.sha256(language.encode() + b"\0" + source).digest()
        tier = self._compiler.program_tier(program, memory_bytes)
        with self._lock:
            found = self._kept.get(key)
            if found is not None and _fits(found, tier, limits):
                if found.limits != limits:
                    found = self._kept[key] = replace(found, limits=limits)
                self._kept.move_to_end(key)
                return found, False
        compiled = self._compiler.compile_program(program, memory_bytes)
        made = Handler(NAME, "", compiled, limits=limits)
        with self._lock:
            self._kept[key] = made
            self._kept.move_to_end(key)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._changed()
        return made, compiled.is_new

    def handlers(self) -> list[Handler]:
        """Return the handlers in memory."""
        with self._lock:
            return list(self._kept.values())


def _fits(handler: Handler, tier: str, limits: Limits) -> bool:
    """Return whether *handler* need not be compiled again for this tier and these limits."""
    same_memory = handler.limits.memory_bytes == limits.memory_bytes
    return handler.compiled.tier == tier and same_memory
