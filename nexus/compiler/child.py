"""The compiler's child process: one order on stdin, one artifact (or one JSON error) on stdout."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from nexus.compiler.artifact import pack, unpack
from nexus.compiler.compiler import to_wasm
from nexus.compiler.orders import Order, read_order
from nexus.compiler.script_setup import set_up
from nexus.engines import BUILT_IN, create_engine
from nexus.engines.frames import measured
from nexus.errors import CompilationError, InvalidHandler, InvalidModule, NexusError
from nexus.guest import check_declared, recognise
from nexus.guest.js.bundle import unpack_bundle
from nexus.model import Compiled
from nexus.plugin_api.engine import Engine
from nexus.wasm import RewriteLimits, rewrite

_PR_SET_PDEATHSIG = 1  # prctl(2); the "parent" is the thread that started this process


def main() -> int:
    # Nobody waits for the answer of a child whose worker is gone.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    order = read_order(sys.stdin.buffer)
    # What the compiler prints by itself must not mix with the answer.
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    _give_way(order.idle)
    try:
        compiled = _fulfil(order)
    except NexusError as error:
        answer.write(json.dumps(_described(error)).encode())
        return 1
    except MemoryError:
        answer.write(
            json.dumps(
                {"error": "CompilationError", "reason": "compiling it takes too much memory"}
            ).encode()
        )
        return 1
    else:
        answer.write(pack(compiled))
        return 0
    finally:
        answer.close()


def _give_way(idle: bool) -> None:
    """Let handlers that are served go first."""
    if idle:
        # At any niceness a handler may have to wait for a slice of ours to end, and be put on the
        # same CPU; a CPU that runs only this counts as free.
        with suppress(OSError):  # where a sandbox forbids it
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
            return
    os.nice(19 if idle else 10)


def _fulfil(order: Order) -> Compiled:
    engine = _engine(order)
    resource.setrlimit(resource.RLIMIT_CPU, (order.cpu_s, order.cpu_s + 1))
    if order.runtime_key:
        return _set_up(order, engine)
    _limit_memory(order.address_space_bytes)
    (source,) = order.parts
    wasm = to_wasm(source, engine) if order.is_text else source
    limits = RewriteLimits(memory_pages=order.pages)
    # First what a module declares: to rewrite all of it may take seconds.
    check = None if order.abi else check_declared
    rewritten, info = rewrite(wasm, limits, order.functions, check)
    abi = order.abi or recognise(info)
    artifact = engine.compile(rewritten)
    return Compiled(order.key, artifact, measured(info, artifact), abi)


def _engine(order: Order) -> Engine:
    cache_dir = Path(order.cache_dir)
    if order.engine in BUILT_IN:
        return create_engine(order.engine, order.compiler, cache_dir)
    from nexus.plugins import load_plugins  # all plugins are imported for that: a last resort

    factories = load_plugins(os.environ).engines()
    return create_engine(order.engine, order.compiler, cache_dir, factories)


def _set_up(order: Order, engine: Engine) -> Compiled:
    packed_runtime, packed_bundle, source = order.parts
    runtime = unpack(packed_runtime, order.runtime_key)
    if runtime is None:
        raise CompilationError("QuickJS's artifact was damaged on its way")
    bundle = unpack_bundle(packed_bundle)
    return set_up(engine, runtime, bundle, order.key, source)


def _limit_memory(memory_bytes: int) -> None:
    """Allow *memory_bytes* of address space beyond what the engine has reserved by now."""
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
