"""Makes a language runtime load a handler, in the compiler's child: metered and limited."""

from __future__ import annotations

import time

from nexus.compiler.artifact import Preparation
from nexus.errors import CompilationError
from nexus.model import Compiled, FuncType, Limits
from nexus.plugin_api.abi import Abi, RuntimeProgram
from nexus.plugin_api.engine import Engine, EngineInstance, HostFunction, HostFunctions
from nexus.run import Execution
from nexus.run.depth import ASK_DEPTH, Depth
from nexus.run.slices import FIRST_SLICE

PREPARE_S = 5.0
"""CPU time for loading a handler's sources; if loading takes longer, the handler is invalid"""
MAX_HOST_CALLS = 1_000_000
"""Host calls that a load may make: a starting runtime reads files and clocks thousands of times"""
_WAITING = 4
"""How many times `PREPARE_S` a load may take by the clock: a busy machine must not fail handlers"""
_CHECKPOINT = ("nexus", "checkpoint")


def prepare(
    engine: Engine, runtime: Compiled, abi: Abi, program: RuntimeProgram, key: str
) -> Preparation:
    """Return the state of *runtime* after it has loaded *program*, stored under *key*.

    Raises: CompilationError.
    """
    if runtime.info.reset_blocker is not None:
        raise CompilationError(f"{abi.name}: cannot be reset: {runtime.info.reset_blocker}")
    starter = _Starter(engine, runtime)
    try:
        entry, snapshot = abi.prepare(program, starter)
    finally:
        starter.close()
    return Preparation(key, runtime.key, snapshot, tuple(entry))


class _Starter:
    """Makes the one instance of a preparation; see `nexus.plugin_api.abi.Start`."""

    def __init__(self, engine: Engine, runtime: Compiled) -> None:
        self._engine, self._runtime = engine, runtime
        self._run: Execution | None = None

    def __call__(self, functions: HostFunctions) -> tuple[EngineInstance, Execution]:
        info = self._runtime.info
        limits = Limits(
            timeout_s=PREPARE_S * _WAITING,
            cpu_timeout_s=PREPARE_S,
            memory_bytes=info.memory_max_pages << 16,
            max_host_calls=MAX_HOST_CALLS,
        )
        run = Execution("prepare", limits, time.monotonic() + limits.timeout_s)
        depth = Depth(info)

        def checkpoint(fuel: int) -> int:
            return depth.answer(run) if fuel == ASK_DEPTH else run.checkpoint(fuel)

        hook = HostFunction(FuncType(("i64",), ("i64",)), checkpoint)
        linked = {**functions, _CHECKPOINT: hook}
        depth.start(run)
        instance = self._engine.load(self._runtime.artifact, info, linked).instantiate()
        depth.start(None)
        instance.set_depth(depth.frames(run))
        run.begin(instance, FIRST_SLICE)
        self._run = run
        return instance, run

    def close(self) -> None:
        """End the run. Its checkpoint is linked with the instance, which wasmer would never free
        while the run has it: its garbage is not Python's."""
        if self._run is not None:
            self._run.end()
