"""Makes a language runtime load a handler, in the compiler's child: metered and limited."""

from __future__ import annotations

import hashlib
import time

from nexus.compiler.artifact import Preparation
from nexus.errors import CompilationError
from nexus.model import Compiled, Limits
from nexus.plugin_api.abi import Abi, RuntimeProgram
from nexus.plugin_api.engine import Engine, EngineInstance, HostFunctions
from nexus.plugin_api.guest import GuestBase
from nexus.pool.linked import LinkedModule
from nexus.run import Execution

PREPARE_S = 30.0
"""CPU time for loading a handler's sources; if loading takes longer, the handler is invalid"""
STACK_BYTES = 2 << 20
"""Native stack of a load: imports nest deeper than requests do"""
MAX_HOST_CALLS = 1_000_000
"""Host calls that a load may make: a starting runtime reads files and clocks thousands of times"""
_WAITING = 12
"""How many times `PREPARE_S` a load may take by the clock: a busy machine must not fail handlers.
At a load average of 11 on two cores, 20 s were too few for a second of CPU time."""


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
    # After an update of Nexus, snapshots would differ in most pages from a base of the old set-up.
    version = hashlib.sha256(program.version.encode()).hexdigest()[:16]
    return Preparation(key, f"{runtime.key}.{version}", snapshot, tuple(entry))


class _Starter:
    """Makes the one instance of a preparation; see `nexus.plugin_api.abi.Start`."""

    def __init__(self, engine: Engine, runtime: Compiled) -> None:
        self._engine, self._runtime = engine, runtime
        self._started: tuple[LinkedModule, Execution] | None = None

    def __call__(self, functions: HostFunctions) -> tuple[EngineInstance, Execution]:
        limits = Limits(
            timeout_s=PREPARE_S * _WAITING,
            cpu_timeout_s=PREPARE_S,
            memory_bytes=self._runtime.info.memory_max_pages << 16,
            max_host_calls=MAX_HOST_CALLS,
            stack_bytes=STACK_BYTES,
        )
        run = Execution("prepare", limits, time.monotonic() + limits.timeout_s)
        linked = LinkedModule(self._engine, lambda _: _Functions(functions), self._runtime)
        instance = linked.instantiate(run)
        linked.enter(run, instance)
        self._started = linked, run
        return instance, run

    def close(self) -> None:
        """Let the engine free the instance; see `LinkedModule`."""
        if self._started is not None:
            linked, run = self._started
            linked.leave(run)


class _Functions(GuestBase):
    """A guest that only has host functions: in a preparation the ABI itself calls the instance."""

    def __init__(self, functions: HostFunctions) -> None:
        self._functions = functions

    def functions(self) -> HostFunctions:
        return self._functions
