"""Real engines and small modules for tests of what lies above them.

`build` does in the test's process what the compiler child does in its own. `Probe` is a guest ABI
for tests: a task names the exports to call, one after another, and gets the state afterwards.
"""

from __future__ import annotations

import ctypes
import functools
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nexus.engines import create_engine
from nexus.engines.frames import measured
from nexus.errors import GuestError
from nexus.guest import Abis, built_in_abis
from nexus.model import Compiled, Context, FuncType, Handler, Limits, Prepared, Snapshot
from nexus.plugin_api.engine import (
    Engine,
    EngineInstance,
    HostFunction,
    HostFunctions,
    ProvidesMemory,
)
from nexus.plugin_api.guest import GuestBase, Run
from nexus.run import Execution
from nexus.wasm import RewriteLimits, rewrite

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
PAGE = 65536

WASMER = [("wasmer", "llvm"), ("wasmer", "cranelift")] if sys.version_info < (3, 11) else []
ENGINES = [*WASMER, ("wasmtime", "cranelift")]
"""every engine and compiler this Python has"""
QUICK_ENGINES = [pair for pair in ENGINES if pair[1] != "llvm"]
"""those that compile at once"""
ABIS = Abis(built_in_abis())
PLAIN = Limits(timeout_s=20.0, cpu_timeout_s=20.0)

_numbers = itertools.count()

CACHE_VARIABLE = "TESTS_CACHE_DIR"


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A real file system of *size* (`64k`) at *folder*; skips where none can be mounted."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount")
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"cannot mount here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def shared_cache() -> Path:
    """Where artifacts stay for the whole test run (`tests/conftest.py` makes it)."""
    return Path(os.environ[CACHE_VARIABLE])


def until(holds: Callable[[], bool], timeout_s: float = 20.0) -> None:
    """Ask again and again until it *holds*."""
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.002)  # between two looks; the deadline bounds them


@functools.cache
def _cache_dir() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="nexus-tests-")


@functools.cache
def engine(name: str, compiler: str) -> Engine:
    """The one engine of this name and compiler in the test's process."""
    return create_engine(name, compiler, Path(_cache_dir().name))


def engine_ids(pair: tuple[str, str]) -> str:
    """How a parametrized test names an engine."""
    return "-".join(pair)


@functools.cache
def build(made_by: Engine, wat: str, pages: int = 64, abi: str = "test") -> Compiled:
    """Meter and compile a module in the text format."""
    wasm, limits = made_by.wat_to_wasm(wat), RewriteLimits(memory_pages=pages)
    wasm, info = rewrite(
        wasm,
        limits,
        in_place=made_by.compiler == "cranelift",
        import_memory=isinstance(made_by, ProvidesMemory) and made_by.provides_memory,
    )
    artifact = made_by.compile(wasm)
    return Compiled(f"key-{next(_numbers)}", artifact, measured(info, artifact), abi)


def prepared(plain: Compiled, key: str, snapshot: Snapshot) -> Compiled:
    """Return *plain* under *key*, its instances starting from *snapshot*."""
    return replace(plain, key=key, prepared=Prepared(snapshot, (), plain))


def handler(compiled: Compiled, **fields: Any) -> Handler:
    """A handler called `h` that serves *compiled*."""
    return Handler(**{"name": "h", "route": "/h", "compiled": compiled, "limits": PLAIN, **fields})


def run(timeout_s: float = 20.0, limits: Limits = PLAIN) -> Execution:
    """A run that begins now."""
    return Execution(f"run-{next(_numbers)}", limits, time.monotonic() + timeout_s)


def calls(*exports: str) -> Context:
    """The task for a `Probe`: call these exports."""
    return Context(json.dumps(exports).encode())


class Probe(GuestBase):
    """A guest ABI whose tasks name exports to call; see `calls`.

    The answer is the first bytes of memory and the values of the mutable globals afterwards.
    Guests may import `host.wait`, which calls *wait*, and `host.stop`, which calls *stop* with the
    run.
    """

    SEEN_BYTES = 8

    def __init__(
        self,
        wait: Callable[[], object] = lambda: None,
        stop: Callable[[Run], object] = lambda run: None,
    ) -> None:
        self._wait, self._stop = wait, stop
        self._run: Run | None = None

    def functions(self) -> HostFunctions:
        none = FuncType()
        return {
            ("host", "wait"): HostFunction(none, self._call_wait),
            ("host", "stop"): HostFunction(none, self._call_stop),
        }

    def _call_wait(self) -> None:
        self._wait()

    def _call_stop(self) -> None:
        assert self._run is not None
        self._stop(self._run)

    def evaluate(
        self, instance: EngineInstance, task: Any, handler: Handler, run: Run
    ) -> tuple[bytes, tuple[Any, ...]]:
        self._run = run
        try:
            for export in json.loads(task.json):
                instance.call(export)
        except GuestError:
            if run.stopped is None:
                raise
        if run.stopped is not None:
            raise run.stopped
        return bytes(instance.memory()[: self.SEEN_BYTES]), instance.read_globals()


def functions(**implementations: tuple[FuncType, Callable[..., Any]]) -> dict[Any, HostFunction]:
    """Host functions of a module `host`, by name."""
    return {
        ("host", name): HostFunction(type, call) for name, (type, call) in implementations.items()
    }


def address_of(view: memoryview) -> int:
    """Return where the bytes of *view* are."""
    return ctypes.addressof(ctypes.c_char.from_buffer(view))
