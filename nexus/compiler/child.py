"""The compiler's child process: one order on stdin, one artifact (or one JSON error) on stdout."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from nexus.compiler.artifact import Artifact, pack, unpack
from nexus.compiler.assemble import metered
from nexus.compiler.orders import CompileHandler, CompileRuntime, Order, Prepare, Terms, read_order
from nexus.engines import BUILT_IN, create_engine
from nexus.engines.frames import measured
from nexus.errors import CompilationError, InvalidHandler, InvalidModule, NexusError
from nexus.guest import Abis, built_in_abis
from nexus.model import Compiled
from nexus.plugin_api.engine import Engine

_PR_SET_PDEATHSIG = 1  # prctl(2); the "parent" is the thread that started this process


def main() -> int:
    """Execute the order on stdin; the exit status says whether stdout has an artifact."""
    # A worker that has ended cannot read the answer.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    order = read_order(sys.stdin.buffer)
    # The compiler's own output must not mix with the answer.
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        return execute(order.terms, lambda: _fulfil(order), answer)
    finally:
        answer.close()


def execute(terms: Terms, fulfil: Callable[[], Artifact], answer: BinaryIO) -> int:
    """Write the artifact that *fulfil* makes, or why it makes none, to *answer*; return the exit
    status."""
    if not terms.urgent:
        _give_way(terms.idle)
    resource.setrlimit(resource.RLIMIT_CPU, (terms.cpu_s, terms.cpu_s + 1))
    try:
        artifact = fulfil()
    except NexusError as error:
        answer.write(json.dumps(_described(error)).encode())
        return 1
    except MemoryError:
        answer.write(
            json.dumps(
                {"error": "CompilationError", "reason": "compilation takes too much memory"}
            ).encode()
        )
        return 1
    answer.write(pack(artifact))
    return 0


def _give_way(idle: bool) -> None:
    """Let served handlers run first."""
    if idle:
        # At any niceness a handler may wait for a slice of ours to end, or share our CPU; Linux
        # treats a CPU that runs only idle processes as free.
        with suppress(OSError):  # a sandbox may forbid it
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
            return
    os.nice(19 if idle else 10)


def _fulfil(order: Order) -> Artifact:
    terms, work = order.terms, order.work
    engine = _engine(terms)
    if isinstance(work, Prepare):
        return _prepare(engine, terms, work)
    return _compile(engine, terms, work)


def _compile(engine: Engine, terms: Terms, work: CompileHandler | CompileRuntime) -> Compiled:
    named = work.abi if isinstance(work, CompileRuntime) else ""
    abis = None if named else _abis(terms)
    _limit_memory(terms.address_space_bytes)
    # What a module declares is looked at first: to rewrite all of it may take seconds.
    check = None if abis is None else abis.recognise
    rewritten, info = metered(work.module, engine, terms.pages, check)
    abi = named if abis is None else abis.recognise(info.imports, info.exports)
    artifact = engine.compile(rewritten)
    return Compiled(terms.key, artifact, measured(info, artifact), abi)


def _prepare(engine: Engine, terms: Terms, work: Prepare) -> Artifact:
    from nexus.compiler.prepare import prepare

    runtime = unpack(work.artifact, work.runtime_key)
    if not isinstance(runtime, Compiled):
        raise CompilationError("the language runtime's artifact was damaged on its way")
    abi = _abis(terms).named(work.program.abi)
    return prepare(engine, runtime, abi, work.program, terms.key)


def _engine(terms: Terms) -> Engine:
    cache_dir = Path(terms.cache_dir)
    if terms.engine in BUILT_IN:
        return create_engine(terms.engine, terms.compiler, cache_dir)
    from nexus.plugins import load_plugins  # imports all plugins, so only if needed

    factories = load_plugins(os.environ).engine_factories()
    return create_engine(terms.engine, terms.compiler, cache_dir, factories)


def _abis(terms: Terms) -> Abis:
    """Return the built-in ABIs, and those of plugins if plugins bring some."""
    if not terms.settings:
        return Abis(built_in_abis())
    from nexus import config
    from nexus.plugins import load_plugins

    loaded = config.load({}, {**os.environ, **terms.settings}, Path.cwd())
    return Abis(load_plugins(os.environ).guests(loaded.settings))


def _limit_memory(memory_bytes: int) -> None:
    """Allow *memory_bytes* of address space beyond the engine's present reservation."""
    with open("/proc/self/statm", encoding="ascii") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + memory_bytes, used + memory_bytes))


def _described(error: NexusError) -> dict[str, Any]:
    if isinstance(error, InvalidModule):
        return {"error": "InvalidModule", "reason": error.reason, "offset": error.offset}
    kind = "InvalidHandler" if isinstance(error, InvalidHandler) else "CompilationError"
    return {"error": kind, "reason": str(error)}


if __name__ == "__main__":
    sys.exit(main())
