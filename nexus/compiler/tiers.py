"""Two compilers for one engine: one that is quick serves until the other's code is there.

LLVM takes 14 s for QuickJS on an idle machine and 40 s and more on a busy one; Cranelift takes 2 s.
So a handler is served as soon as Cranelift is through, and a thread has LLVM compile it behind
that, into the cache. The folder's watcher then loads it anew: handlers are replaced as a whole, so
no request is dropped.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from pathlib import Path

from nexus.compiler.compiler import Compiler
from nexus.errors import CompilationError, HandlerError
from nexus.model import Compiled
from nexus.plugin_api.abi import Program

UNSUPPORTED = "Unsupported feature"
"""what wasmer's Cranelift says of instructions that only LLVM translates (SIMD's latest ones)"""

log = logging.getLogger("nexus.handlers")


MOST_ARTIFACT_BYTES = 16 << 20
"""of the quick compiler's code; beyond, the better one is not asked: CPython (30 MB) takes it 140 s
of CPU, and its code is 1.2 times as quick"""


class TieredCompiler:
    """Compiles with *quick* what *best* has not compiled yet. Thread-safe."""

    def __init__(
        self, quick: Compiler, best: Compiler, alone: Callable[[], AbstractContextManager[object]]
    ) -> None:
        """*alone* makes the lock that *best* holds while it compiles behind the service: one
        compilation at a time, over all workers."""
        self.quick, self._best, self._alone = quick, best, alone
        self._hopeless: set[str] = set()
        """keys that *best* failed at: not tried again"""
        self._lock = threading.Lock()  # one improvement at a time, and guards _hopeless

    def compile(self, path: Path, memory_bytes: int) -> Compiled:
        """As `Compiler.compile`. A module that *quick* does not know all instructions of is left to
        *best* at once."""
        if self._best.has_compiled(path, memory_bytes):
            return self._best.compile(path, memory_bytes)
        try:
            return self.quick.compile(path, memory_bytes)
        except CompilationError as error:
            if UNSUPPORTED not in str(error):
                raise
            log.info("%s: %s; %s compiles it at once", path.name, error, self._best.tier)
        return self._best.compile(path, memory_bytes)

    def takes_long(self, path: Path, memory_bytes: int) -> bool:
        """As `Compiler.takes_long`."""
        return all(each.takes_long(path, memory_bytes) for each in (self._best, self.quick))

    def has_compiled(self, path: Path, memory_bytes: int) -> bool:
        """As `Compiler.has_compiled`."""
        return any(each.has_compiled(path, memory_bytes) for each in (self._best, self.quick))

    def is_outdated(self, path: Path, memory_bytes: int, compiled: Compiled) -> bool:
        """Tell whether *compiled* could be had from the better compiler now."""
        return compiled.tier != self._best.tier and self._best.has_compiled(path, memory_bytes)

    def compile_program(self, program: Program, memory_bytes: int) -> Compiled:
        """As `Compiler.compile_program`."""
        return self._for(program, memory_bytes).compile_program(program, memory_bytes)

    def program_tier(self, program: Program, memory_bytes: int) -> str:
        """As `Compiler.program_tier`."""
        return self._for(program, memory_bytes).tier

    def _for(self, program: Program, memory_bytes: int) -> Compiler:
        return self._best if self._best.has_program(program, memory_bytes) else self.quick

    def improve(
        self, served: Iterable[tuple[Path, int, Compiled]], on_better: Callable[[], None]
    ) -> None:
        """Start a thread that has *best* compile what *quick* did, if there is anything; after each
        it calls *on_better*."""
        wanted = []
        for item in served:
            path, _, compiled = item
            if compiled.tier == self._best.tier or compiled.loaded_as in self._hopeless:
                continue
            if len(compiled.artifact) > MOST_ARTIFACT_BYTES:
                self._hopeless.add(compiled.loaded_as)
                log.info(
                    "%s stays with %s: its code is %d MiB, which %s would compile for minutes",
                    *(path.name, compiled.tier, len(compiled.artifact) >> 20, self._best.tier),
                )
                continue
            wanted.append(item)
        if wanted:
            threading.Thread(
                target=self._work, args=(wanted, on_better), name="nexus-tiers", daemon=True
            ).start()

    def _work(
        self, wanted: list[tuple[Path, int, Compiled]], on_better: Callable[[], None]
    ) -> None:
        for path, memory_bytes, compiled in wanted:
            with self._lock:
                if compiled.loaded_as in self._hopeless:
                    continue
                try:
                    with self._alone():
                        self._best.compile(path, memory_bytes, idle=True)
                except HandlerError as error:
                    self._hopeless.add(compiled.loaded_as)
                    log.warning("%s stays with %s: %s", path.name, compiled.tier, error)
                    continue
            on_better()
