"""Compiling in a child process: a hostile module may crash it or exhaust it, never a worker.

The child (`python -m nexus.handlers.compiler_child`) rewrites, checks and compiles under rlimits;
the parent enforces the wall-clock limit. Request and answer are one JSON line and raw bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nexus.errors import CompilationError, InvalidHandler, InvalidModule
from nexus.handlers.artifact import unpack
from nexus.handlers.cache import ArtifactCache
from nexus.model import Compiled
from nexus.protocols import Engine
from nexus.wasm import REWRITER_VERSION, RewriteLimits, rewrite

PAGE_BYTES = 65536
MAX_MODULE_BYTES = 64 << 20


@dataclass(frozen=True)
class CompilerLimits:
    """What one compilation may use."""

    timeout_s: float
    memory_bytes: int
    """address space of the child"""


class Compiler:
    """Turns module files into `Compiled`, by way of the cache. Thread-safe."""

    def __init__(
        self,
        engine: Engine,
        cache: ArtifactCache,
        cache_dir: Path,
        limits: CompilerLimits,
        observe: Callable[[str, float], None],
    ) -> None:
        """*observe* hears of every compilation: the compiler's name, and the seconds it took."""
        self._engine, self._cache = engine, cache
        self._cache_dir, self._limits = cache_dir, limits
        self._observe = observe

    def compile(self, path: Path, memory_bytes: int) -> Compiled:
        """Compile the module at *path* for at most *memory_bytes* of linear memory.

        Raises: InvalidHandler (unreadable, malformed, unknown imports, no entry point),
            CompilationError.
        """
        source = read_module(path)
        pages = memory_bytes // PAGE_BYTES
        text = path.suffix == ".wat"
        return self._cache.get_or_make(
            self._key(source, pages, text), lambda: self._run_child(source, pages, text)
        )

    def _key(self, source: bytes, pages: int, text: bool) -> str:
        parts = f"{REWRITER_VERSION} {self._engine.fingerprint} {pages} {text} ".encode()
        return hashlib.sha256(parts + hashlib.sha256(source).digest()).hexdigest()

    def _run_child(self, source: bytes, pages: int, text: bool) -> Compiled:
        key = self._key(source, pages, text)
        order = {
            "engine": self._engine.name,
            "compiler": self._engine.compiler,
            "cache_dir": str(self._cache_dir),
            "pages": pages,
            "text": text,
            "key": key,
            "memory_bytes": self._limits.memory_bytes,
            "cpu_s": max(1, int(self._limits.timeout_s)),
        }
        began = time.monotonic()
        try:
            child = subprocess.run(
                [sys.executable, "-m", "nexus.handlers.compiler_child"],
                input=json.dumps(order).encode() + b"\n" + source,
                capture_output=True,
                timeout=self._limits.timeout_s,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
            )
        except subprocess.TimeoutExpired as error:
            raise CompilationError(
                f"compilation took longer than {self._limits.timeout_s:g} s"
            ) from error
        except OSError as error:
            raise CompilationError(f"the compiler could not be started: {error}") from error
        self._observe(self._engine.compiler, time.monotonic() - began)
        return self._answer(child, key)

    def _answer(self, child: subprocess.CompletedProcess[bytes], key: str) -> Compiled:
        if child.returncode == 0:
            compiled = unpack(child.stdout, key)
            if compiled is not None:
                return compiled
            raise CompilationError("the compiler's answer was damaged")
        try:
            said = json.loads(child.stdout)
        except ValueError:
            raise CompilationError(_how_it_died(child)) from None
        if said["error"] == "InvalidModule":
            raise InvalidModule(said["reason"], said["offset"])
        kind = InvalidHandler if said["error"] == "InvalidHandler" else CompilationError
        raise kind(said["reason"])


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


def _how_it_died(child: subprocess.CompletedProcess[bytes]) -> str:
    said = child.stderr.decode(errors="replace").strip().splitlines()
    how = f"signal {-child.returncode}" if child.returncode < 0 else f"exit {child.returncode}"
    return f"the compiler died ({how}): {said[-1][:300] if said else 'it said nothing'}"
