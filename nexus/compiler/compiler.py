"""Turns a handler's files into what an instance is made from, by way of the cache.

All of it happens in a child process (`child.py`, `compiler_child.py`): a hostile module may crash
it or exhaust it, never a worker.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path
from weakref import WeakValueDictionary

from nexus.compiler.artifact import pack
from nexus.compiler.bundles import read_bundle
from nexus.compiler.cache import ArtifactCache
from nexus.compiler.modules import Module
from nexus.compiler.orders import Order
from nexus.compiler.process import run_child
from nexus.compiler.runtimes import pinned_runtime
from nexus.errors import InvalidHandler, InvalidModule, NexusError
from nexus.guest.js.bundle import Bundle
from nexus.guest.js.setup import SETUP_VERSION
from nexus.guest.js.web import source as prelude_source
from nexus.model import Compiled
from nexus.plugin_api.engine import Engine
from nexus.wasm import REWRITER_VERSION, RewriteLimits, rewrite

PAGE_BYTES = 65536
MAX_MODULE_BYTES = 64 << 20
_PATIENCE = 30
"""how much longer a compilation behind the service may take by the clock: with nothing to spare it
stands still, and LLVM's code would never come if the clock ended that"""
TEXT_NAME = "source.js"
"""what source text without a file is called where its errors are located"""


@dataclass(frozen=True)
class CompilerLimits:
    """What one compilation may use."""

    timeout_s: float
    memory_bytes: int
    """address space of the child"""


class Compiler:
    """Compiles with one engine. Thread-safe."""

    def __init__(
        self,
        engine: Engine,
        cache: ArtifactCache,
        cache_dir: Path,
        limits: CompilerLimits,
        observe: Callable[[str, float], None],
        runtime: Callable[[], Module] = pinned_runtime,
    ) -> None:
        """*observe* hears of every compilation: the compiler's name, and the seconds it took.
        *runtime* gives the JavaScript engine."""
        self._engine, self._cache = engine, cache
        self._cache_dir, self._limits = cache_dir, limits
        self._observe = observe
        self._runtime = runtime
        self._idle = False
        self._runtime_keys: dict[int, str] = {}
        """by pages: to read and hash the JavaScript engine takes 10 ms"""
        self._runtimes: WeakValueDictionary[str, Compiled] = WeakValueDictionary()
        """by key, as long as a handler has it: 3.5 MB that all of them share"""

    def behind(self) -> Compiler:
        """The same, for what is not waited for: on CPU time that nobody else wants, of which
        the limits allow as much as ever."""
        found = copy(self)
        found._idle = True
        return found

    def set_limits(self, limits: CompilerLimits) -> None:
        """Have other limits, from the next compilation on."""
        self._limits = limits

    def compile(self, path: Path, memory_bytes: int) -> Compiled:
        """Compile the handler whose module is at *path* for at most *memory_bytes* of memory.

        Raises: InvalidHandler (unreadable, malformed, unknown imports, no entry point),
            CompilationError (JavaScript that is wrong, too).
        """
        pages = memory_bytes // PAGE_BYTES
        if path.suffix == ".js":
            return self._compile_bundle(read_bundle(path), pages)
        if path.suffix == ".ts":
            raise InvalidHandler(
                f"{path.name}: TypeScript is not accepted; compile it to {path.stem}.js "
                "(with tsc, esbuild or swc) and put that here"
            )
        return self._compile_module(_module_at(path), pages)

    def compile_text(self, source: bytes, memory_bytes: int) -> Compiled:
        """Compile JavaScript that is in no file: a module, or a script.

        Raises: CompilationError.
        """
        bundle = Bundle(TEXT_NAME, {TEXT_NAME: source}, is_text=True)
        return self._compile_bundle(bundle, memory_bytes // PAGE_BYTES)

    def text_tier(self, memory_bytes: int) -> str:
        """Name of the compiler whose code `compile_text` gives now."""
        return self.tier

    def has_runtime(self, memory_bytes: int) -> bool:
        """Tell whether the cache has the JavaScript engine's code."""
        return self._runtime_key(memory_bytes // PAGE_BYTES) in self._cache

    def prepare(self, memory_bytes: int) -> None:
        """Compile the JavaScript engine, for handlers of at most *memory_bytes* of memory.

        Raises: CompilationError.
        """
        self._compile_runtime(memory_bytes // PAGE_BYTES)

    def _compile_runtime(self, pages: int) -> Compiled:
        key = self._runtime_key(pages)
        found = self._runtimes.get(key)
        if found is None or not self._cache.touch(key):
            found = self._compile_module(self._runtime(), pages)
        return self._runtimes.setdefault(key, found)

    def _runtime_key(self, pages: int) -> str:
        if pages not in self._runtime_keys:
            self._runtime_keys[pages] = self._module_key(self._runtime(), pages)
        return self._runtime_keys[pages]

    @property
    def tier(self) -> str:
        """Name of the engine's compiler."""
        return self._engine.compiler

    def has_compiled(self, path: Path, memory_bytes: int) -> bool:
        """Tell whether the cache has the code for the handler at *path*, so that `compile` takes
        no compiler."""
        pages = memory_bytes // PAGE_BYTES
        try:
            if path.suffix == ".js":
                key = self._runtime_key(pages)
            else:
                key = self._module_key(_module_at(path), pages)
        except NexusError:
            return False
        return key in self._cache

    def is_outdated(self, path: Path, memory_bytes: int, compiled: Compiled) -> bool:
        """Nothing is: there is one compiler."""
        return False

    def _module_key(self, module: Module, pages: int) -> str:
        return _digest(
            f"{REWRITER_VERSION} {self._engine.fingerprint} {pages} {module.is_text} "
            f"{module.functions} {module.abi}",
            module.source,
        )

    def _compile_module(self, module: Module, pages: int) -> Compiled:
        key = self._module_key(module, pages)

        def make() -> Compiled:
            order = replace(
                self._order(key, pages, module.source),
                is_text=module.is_text,
                functions=module.functions,
                abi=module.abi,
            )
            began = time.monotonic()
            compiled = self._run(order)
            self._observe(self._engine.compiler, time.monotonic() - began)
            return compiled

        return self._get_or_make(key, make)

    def _compile_bundle(self, bundle: Bundle, pages: int) -> Compiled:
        """QuickJS is compiled once for all handlers; a handler is its state after loading them."""
        runtime = self._compile_runtime(pages)
        key = _digest(
            f"{SETUP_VERSION} {runtime.key} {prelude_source.digest().hex()}", bundle.digest()
        )

        def make() -> Compiled:
            source = self._runtime().source
            order = self._order(key, pages, pack(runtime), bundle.pack(), source)
            return self._run(replace(order, runtime_key=runtime.key))

        made = self._get_or_make(key, make)
        return replace(made, artifact=runtime.artifact, runtime=runtime)

    def _get_or_make(self, key: str, make: Callable[[], Compiled]) -> Compiled:
        """As the cache's, with what only this process knows of it."""
        made: list[str] = []

        def noted() -> Compiled:
            made.append(key)
            return make()

        found = self._cache.get_or_make(key, noted)
        return replace(found, tier=self.tier, is_new=bool(made))

    def _run(self, order: Order) -> Compiled:
        patience = _PATIENCE if self._idle else 1
        return run_child(order, self._limits.timeout_s * patience)

    def _order(self, key: str, pages: int, *parts: bytes) -> Order:
        return Order(
            engine=self._engine.name,
            compiler=self._engine.compiler,
            cache_dir=str(self._cache_dir),
            key=key,
            pages=pages,
            address_space_bytes=self._limits.memory_bytes,
            cpu_s=max(1, int(self._limits.timeout_s)),
            idle=self._idle,
            parts=parts,
        )


def _module_at(path: Path) -> Module:
    """Raises: as `read_module`."""
    return Module(read_module(path), is_text=path.suffix == ".wat")


def _digest(text: str, content: bytes) -> str:
    return hashlib.sha256(f"{text} ".encode() + hashlib.sha256(content).digest()).hexdigest()


def metered(path: Path, engine: Engine, memory_bytes: int) -> bytes:
    """The module at *path* as it is compiled: metered and clamped.

    Raises: InvalidHandler.
    """
    source = read_module(path)
    wasm = to_wasm(source, engine) if path.suffix == ".wat" else source
    return rewrite(wasm, RewriteLimits(memory_pages=memory_bytes // PAGE_BYTES))[0]


def to_wasm(text: bytes, engine: Engine) -> bytes:
    """Assemble a module in the text format. Raises: InvalidModule."""
    try:
        return engine.wat_to_wasm(text.decode())
    except UnicodeDecodeError as error:
        raise InvalidModule("the text is not UTF-8", error.start) from error


def read_module(path: Path) -> bytes:
    """Raises: InvalidHandler where the file cannot be read or is larger than any module may be."""
    try:
        if path.stat().st_size > MAX_MODULE_BYTES:
            raise InvalidHandler(f"{path.name} is larger than {MAX_MODULE_BYTES} bytes")
        return path.read_bytes()
    except OSError as error:
        raise InvalidHandler(f"cannot read {path}: {error.strerror}") from error
