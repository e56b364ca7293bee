"""Two compilers for one engine: the quick one serves until the better one's code is ready.

LLVM takes 14 s for QuickJS on an idle machine and 40 s and more on a busy one; Cranelift takes 2 s.
So a handler is served once Cranelift is done, and then a thread compiles it with LLVM, into the
cache. After that the folder's watcher reloads it: it replaces whole handlers, so no request is
dropped.
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


BEST_S_PER_MIB = 4.7
"""CPU time that LLVM takes for each MiB of quick code: QuickJS (3 MiB) 14 s, CPython (30 MiB) 141 s
on an idle machine"""
SHARE_OF_LIMIT = 0.5
"""Quick code stays if LLVM would take more than this share of `compile_timeout_ms`: it would occupy
a core for long, could be ended at the limit on a slower machine, and its code is 1.2 times as
fast"""


class TieredCompiler:
    """Compiles with *quick* what *best* has not compiled yet. Thread-safe."""

    def __init__(
        self, quick: Compiler, best: Compiler, alone: Callable[[], AbstractContextManager[object]]
    ) -> None:
        """*alone* makes the lock that *best* holds while it compiles in the background: one
        compilation at a time, over all workers."""
        self.quick, self._best, self._alone = quick, best, alone
        self._hopeless: set[str] = set()
        """keys that *best* failed to compile, and does not try again"""
        self._reported: set[str] = set()
        """keys for which the log says that *best* would take too long"""
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
        """Return whether compiling takes many seconds; see `Compiler.takes_long`."""
        return all(each.takes_long(path, memory_bytes) for each in (self._best, self.quick))

    def has_compiled(self, path: Path, memory_bytes: int) -> bool:
        """Return whether the cache has the code; see `Compiler.has_compiled`."""
        return any(each.has_compiled(path, memory_bytes) for each in (self._best, self.quick))

    def is_outdated(self, path: Path, memory_bytes: int, compiled: Compiled) -> bool:
        """Return whether the cache has better code than *compiled*."""
        return compiled.tier != self._best.tier and self._best.has_compiled(path, memory_bytes)

    def compile_program(
        self, program: Program, memory_bytes: int, *, is_awaited: bool = False
    ) -> Compiled:
        """Compile *program*; see `Compiler.compile_program`."""
        compiler = self._for(program, memory_bytes)
        return compiler.compile_program(program, memory_bytes, is_awaited=is_awaited)

    def program_tier(self, program: Program, memory_bytes: int) -> str:
        """Return the name of the compiler that `compile_program` takes code from now."""
        return self._for(program, memory_bytes).tier

    def _for(self, program: Program, memory_bytes: int) -> Compiler:
        return self._best if self._best.has_program(program, memory_bytes) else self.quick

    def improve(
        self, served: Iterable[tuple[Path, int, Compiled]], on_better: Callable[[], None]
    ) -> None:
        """Compile what *quick* compiled with *best*, on a thread of its own, if there is any; call
        *on_better* after each."""
        wanted = []
        for item in served:
            path, _, compiled = item
            if compiled.tier == self._best.tier or compiled.loaded_as in self._hopeless:
                continue
            takes_s = len(compiled.artifact) / (1 << 20) * BEST_S_PER_MIB
            if takes_s > self._best.timeout_s * SHARE_OF_LIMIT:
                if compiled.loaded_as in self._reported:
                    continue
                self._reported.add(compiled.loaded_as)
                log.info(
                    "%s stays with %s: %s would take about %d s of CPU for its code; it compiles "
                    "what takes up to half of compile_timeout_ms (%g s)",
                    *(path.name, compiled.tier, self._best.tier, takes_s, self._best.timeout_s),
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
