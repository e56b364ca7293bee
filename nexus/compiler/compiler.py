"""Compiles a handler's files, or takes the result from the cache.

All compilation happens in a child process (`process.py`, `child.py`): a hostile module may crash
or exhaust the child, never a worker.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar
from weakref import WeakValueDictionary

from nexus.compiler.artifact import Artifact, Preparation, pack
from nexus.compiler.cache import ArtifactCache
from nexus.compiler.fork_servers import ForkServers
from nexus.compiler.job import Job, digest_of
from nexus.compiler.orders import Order, Prepare, Terms, Work
from nexus.compiler.process import run_child
from nexus.errors import CompilationError, NexusError
from nexus.guest import Abis
from nexus.model import Compiled
from nexus.plugin_api.abi import Module, ModuleProgram, Program
from nexus.plugin_api.engine import Engine
from nexus.wasm import REWRITER_VERSION

PAGE_BYTES = 65536
_PATIENCE = 30
"""How many times its limit a background compilation may take by the clock: without CPU time to
spare it stands still, and LLVM's code would never come if the clock ended it"""

LARGE_BYTES = 8 << 20
"""A language runtime's module of this size is large: others are served before it is compiled"""

A = TypeVar("A", Compiled, Preparation)


@dataclass(frozen=True)
class CompilerLimits:
    """Limits for one compilation."""

    timeout_s: float
    memory_bytes: int
    """address space for the child"""


class Compiler:
    """Compiles with one engine. Thread-safe."""

    def __init__(
        self,
        engine: Engine,
        cache: ArtifactCache,
        cache_dir: Path,
        limits: CompilerLimits,
        observe: Callable[[str, float], None],
        abis: Abis,
        *,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """*observe* is called after every compilation, with the compiler's name and the seconds it
        took. *settings*: all settings as environment variables, if plugins bring ABIs."""
        self._engine, self._cache = engine, cache
        self._cache_dir, self._limits = cache_dir, limits
        self._observe, self._abis = observe, abis
        self._settings = settings or {}
        self._fork_servers = ForkServers(run_child)
        self._packed = ("", b"")
        """the key of the runtime packed last, and its bytes"""
        self._runtimes: WeakValueDictionary[str, Compiled] = WeakValueDictionary()
        """by key, while a handler uses it: all handlers share its megabytes"""

    @property
    def tier(self) -> str:
        """Name of the engine's compiler."""
        return self._engine.compiler

    @property
    def timeout_s(self) -> float:
        """Limit of one compilation, in seconds."""
        return self._limits.timeout_s

    def set_limits(self, limits: CompilerLimits) -> None:
        """Use other limits, from the next compilation on."""
        self._limits = limits

    # ---- compiling ----------------------------------------------------------------------------

    def compile(self, path: Path, memory_bytes: int, *, idle: bool = False) -> Compiled:
        """Compile the handler at *path* for up to *memory_bytes* of memory. *idle*: use only CPU
        time that nothing else wants; the limit on CPU time stays the same.

        Raises: InvalidHandler (unreadable, malformed, unknown imports, no entry point),
            CompilationError (sources that are wrong, too).
        """
        return self.compile_program(self._abis.read(path), memory_bytes, idle=idle)

    def compile_program(
        self, program: Program, memory_bytes: int, *, idle: bool = False, is_awaited: bool = False
    ) -> Compiled:
        """Compile *program*; see `compile`. *is_awaited*: a client waits for the handler, whose
        sources are then loaded at the priority of handlers that run."""
        job = Job(self, memory_bytes // PAGE_BYTES, idle, is_awaited=is_awaited)
        if isinstance(program, ModuleProgram):
            return job.module(program.module)
        return job.prepared(program)

    def prepare(self, language: str, memory_bytes: int, *, idle: bool = False) -> None:
        """Compile the runtime of *language* for handlers of up to *memory_bytes* of memory.

        Raises: InvalidHandler if no ABI has that language; EngineUnavailable if the runtime is not
            installed; CompilationError.
        """
        abi = self._abis.of_language(language)
        runtime = abi.runtime()
        if runtime is not None:
            Job(self, memory_bytes // PAGE_BYTES, idle).runtime(runtime, abi.name)

    def takes_long(self, path: Path, memory_bytes: int) -> bool:
        """Return whether compiling the handler at *path* takes many seconds: its language runtime
        is large, and its code is not in the cache."""
        try:
            runtime = self._abis.runtime_for(path)
        except NexusError:
            return False
        if runtime is None or len(runtime.source) < LARGE_BYTES:
            return False
        if self.module_key(runtime, memory_bytes // PAGE_BYTES) in self._cache:
            return False
        return self._can_read(path)

    def _can_read(self, path: Path) -> bool:
        try:
            self._abis.read(path)
        except NexusError:
            return False
        return True

    def has_compiled(self, path: Path, memory_bytes: int) -> bool:
        """Return whether the cache has the code for the handler at *path*, so that `compile` needs
        no compiler."""
        try:
            return self.has_program(self._abis.read(path), memory_bytes)
        except NexusError:
            return False

    def has_program(self, program: Program, memory_bytes: int) -> bool:
        """Return whether the cache has the code for *program*."""
        runs_on = program.module if isinstance(program, ModuleProgram) else program.runtime
        return self.module_key(runs_on, memory_bytes // PAGE_BYTES) in self._cache

    def is_outdated(self, path: Path, memory_bytes: int, compiled: Compiled) -> bool:
        """Return False: with one compiler, compiling again gives the same code."""
        return False

    def program_tier(self, program: Program, memory_bytes: int) -> str:
        """Return the name of the compiler whose code `compile_program` returns now."""
        return self.tier

    def module_key(self, module: Module, pages: int) -> str:
        """Return the cache key of *module*, compiled for up to *pages* of memory."""
        return digest_of(REWRITER_VERSION, self._engine.fingerprint, pages, module.digest)

    # ---- for `Job` ---------------------------------------------------------------------------

    def kept_runtime(self, key: str) -> Compiled | None:
        """Return the runtime with this *key* if both a handler and the cache have it, else None."""
        found = self._runtimes.get(key)
        return found if found is not None and self._cache.touch(key) else None

    def keep_runtime(self, compiled: Compiled) -> Compiled:
        """Share *compiled* among all handlers; return the shared object."""
        return self._runtimes.setdefault(compiled.key, compiled)

    def packed(self, runtime: Compiled) -> bytes:
        """Return *runtime* as bytes for a child."""
        key, content = self._packed
        if key != runtime.key:
            content = pack(runtime)
            self._packed = runtime.key, content
        return content

    def get_or_order(
        self,
        key: str,
        kind: type[A],
        pages: int,
        idle: bool,
        work: Callable[[], Work],
        *,
        urgent: bool = False,
    ) -> tuple[A, bool]:
        """Return the artifact with this *key*, from the cache or made; and whether it is new."""
        made: list[str] = []

        def make() -> A:
            made.append(key)
            terms = replace(self._terms(key, pages, idle), urgent=urgent)
            answer = self._run(Order(terms, work()))
            if not isinstance(answer, kind):
                raise CompilationError("the compiler answered with an artifact of another kind")
            return answer

        found = self._cache.get_or_make(key, kind, make)
        return found, bool(made)

    def _run(self, order: Order) -> Artifact:
        began = time.monotonic()
        seconds = self._limits.timeout_s
        if order.terms.idle:
            seconds *= _PATIENCE
        if isinstance(order.work, Prepare):
            return self._fork_servers.run(order, seconds)
        artifact = run_child(order, seconds)
        self._observe(self._engine.compiler, time.monotonic() - began)
        return artifact

    def _terms(self, key: str, pages: int, idle: bool) -> Terms:
        return Terms(
            engine=self._engine.name,
            compiler=self._engine.compiler,
            cache_dir=str(self._cache_dir),
            key=key,
            pages=pages,
            address_space_bytes=self._limits.memory_bytes,
            cpu_s=max(1, int(self._limits.timeout_s)),
            idle=idle,
            settings=self._settings,
        )
