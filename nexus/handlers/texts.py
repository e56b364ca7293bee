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

    def compile_program(
        self, program: Program, memory_bytes: int, *, is_awaited: bool = False
    ) -> Compiled: ...

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

    @property
    def limits(self) -> Limits:
        """The limits of a text without limits of its own, and the highest that one may have."""
        return self._limits()

    def get(
        self, source: bytes, language: str = "javascript", limits: Limits | None = None
    ) -> tuple[Handler, bool]:
        """Return the handler for *source*, and whether it had to be compiled now. *limits*: its
        own; None: those in force.

        Raises: InvalidHandler for an unknown language and for a text too long; CompilationError.
        """
        program = self._abis.read_text(language, source)
        limits = limits or self._limits()
        memory_bytes = limits.memory_bytes
        about = f"{language}\0{memory_bytes}\0".encode()
        key = hashlib.sha256(about + source).digest()
        tier = self._compiler.program_tier(program, memory_bytes)
        with self._lock:
            found = self._kept.get(key)
            if found is not None and found.compiled.tier == tier:
                if found.limits != limits:
                    found = self._kept[key] = replace(found, limits=limits)
                self._kept.move_to_end(key)
                return found, False
        compiled = self._compiler.compile_program(program, memory_bytes, is_awaited=True)
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
