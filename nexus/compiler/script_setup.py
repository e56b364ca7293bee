"""One JavaScript handler's set-up, inside the compiler's child: metered and limited like a run."""

from __future__ import annotations

import time
from dataclasses import replace

from nexus.errors import CompilationError
from nexus.guest.js.bundle import Bundle
from nexus.guest.js.runtime import ADDRESSED
from nexus.guest.js.setup import SetUp
from nexus.model import Compiled, Limits
from nexus.plugin_api.engine import Engine, EngineInstance, HostFunction, HostFunctions
from nexus.pool.instance import take_snapshot
from nexus.pool.linked import CHECKPOINT, CHECKPOINT_TYPE
from nexus.run import Execution
from nexus.run.depth import ASK_DEPTH, Depth
from nexus.run.slices import FIRST_SLICE
from nexus.wasm.format.name_section import find_functions, find_slots

SETUP_S = 5.0
"""CPU time a handler's modules may take to load"""
_WAITING = 4
"""by how much longer it may take by the clock: a busy machine must not make a handler invalid"""


def set_up(engine: Engine, runtime: Compiled, bundle: Bundle, key: str, source: bytes) -> Compiled:
    """The state of *runtime* after it has loaded *bundle*, under *key* and without the artifact.

    *source*: the module that *runtime* was compiled from. Raises: CompilationError.
    """
    if runtime.info.reset_blocker is not None:
        raise CompilationError(f"QuickJS cannot be reset: {runtime.info.reset_blocker}")
    guest = SetUp(bundle, _find_addresses(source))
    instance, run = start(engine, runtime, guest.functions())
    entry = guest.prepare(instance, run)
    return replace(
        runtime,
        key=key,
        module_key=runtime.key,
        artifact=b"",
        snapshot=take_snapshot(instance),
        entry=tuple(entry),
    )


def start(
    engine: Engine, runtime: Compiled, functions: HostFunctions
) -> tuple[EngineInstance, Execution]:
    """A new instance of *runtime* with *functions*, and the run that limits it from now on."""
    memory_bytes = runtime.info.memory_max_pages << 16
    limits = Limits(timeout_s=SETUP_S * _WAITING, cpu_timeout_s=SETUP_S, memory_bytes=memory_bytes)
    run = Execution("set-up", limits, time.monotonic() + limits.timeout_s)
    depth = Depth(runtime.info)

    def checkpoint(fuel: int) -> int:
        return depth.answer(run) if fuel == ASK_DEPTH else run.checkpoint(fuel)

    linked = {**functions, CHECKPOINT: HostFunction(CHECKPOINT_TYPE, checkpoint)}
    depth.start(run)
    instance = engine.load(runtime.artifact, runtime.info, linked).instantiate()
    depth.start(None)
    instance.set_depth(depth.frames(run))
    run.begin(instance, FIRST_SLICE)
    return instance, run


def _find_addresses(runtime: bytes) -> dict[str, int]:
    """Addresses of the C functions that set-up hands to QuickJS, in the module *runtime*."""
    indices = find_functions(runtime, ADDRESSED)
    slots = find_slots(runtime, list(indices.values()))
    return {name: slots[index] for name, index in indices.items()}
