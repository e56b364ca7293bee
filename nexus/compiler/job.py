"""One handler's compilation: its module, or its language runtime and what that makes of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from nexus.compiler.artifact import Preparation
from nexus.compiler.orders import CompileHandler, CompileRuntime, Prepare, Work
from nexus.model import Compiled, Prepared
from nexus.plugin_api.abi import Module, RuntimeProgram
from nexus.pool.image import shared
from nexus.wasm import REWRITER_VERSION

if TYPE_CHECKING:
    from nexus.compiler.compiler import Compiler


class Job:
    """One handler's compilation, for a number of pages and with an urgency."""

    def __init__(
        self, compiler: Compiler, pages: int, idle: bool, *, is_awaited: bool = False
    ) -> None:
        """*is_awaited*: a client waits for the handler."""
        self._compiler, self._pages, self._idle = compiler, pages, idle
        self._is_awaited = is_awaited

    def module(self, module: Module) -> Compiled:
        """Compile a handler that is a module itself."""
        return self._compiled(module, lambda: CompileHandler(module))

    def runtime(self, module: Module, abi: str) -> Compiled:
        """Compile a language runtime, or return the one that other handlers use."""
        kept = self._compiler.kept_runtime(self._compiler.module_key(module, self._pages))
        if kept is not None:
            return kept
        made = self._compiled(module, lambda: CompileRuntime(module, abi))
        return self._compiler.keep_runtime(made)

    def prepared(self, program: RuntimeProgram) -> Compiled:
        """Compile the language runtime of *program*, and make it load the sources."""
        runtime = self.runtime(program.runtime, program.abi)
        sources = hashlib.sha256(program.sources).hexdigest()
        # The same for every engine and compiler: memory and globals are what the sources made.
        state_of = digest_of(REWRITER_VERSION, self._pages, program.runtime.digest)
        key = digest_of(program.abi, program.version, state_of, sources)
        preparation, is_new = self._compiler.get_or_order(
            key,
            Preparation,
            self._pages,
            self._idle,
            lambda: Prepare(program, runtime.key, self._compiler.packed(runtime)),
            urgent=self._is_awaited,
        )
        prepared = Prepared(shared(preparation.snapshot), preparation.entry, runtime)
        # Instances are looked up by key, and must not use another preparation's entry point, nor
        # another compiler's code.
        instances = f"{key}.{preparation.made}.{runtime.key[:16]}"
        return replace(runtime, key=instances, prepared=prepared, is_new=is_new)

    def _compiled(self, module: Module, work: Callable[[], Work]) -> Compiled:
        key = self._compiler.module_key(module, self._pages)
        found, is_new = self._compiler.get_or_order(key, Compiled, self._pages, self._idle, work)
        return replace(found, tier=self._compiler.tier, is_new=is_new)


def digest_of(*parts: object) -> str:
    """Return a key made of *parts*."""
    return hashlib.sha256(" ".join(map(str, parts)).encode()).hexdigest()
