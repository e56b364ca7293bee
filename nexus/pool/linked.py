"""A module loaded and linked for one thread, and its idle instances there."""

from __future__ import annotations

from nexus.model import Compiled, FuncType
from nexus.plugin_api.engine import Engine, EngineInstance, HostFunction, Renews
from nexus.plugin_api.guest import GuestFactory
from nexus.run.depth import ASK_DEPTH, Depth
from nexus.run.execution import Execution
from nexus.run.slices import FIRST_SLICE

CHECKPOINT = ("nexus", "checkpoint")
CHECKPOINT_TYPE = FuncType(("i64",), ("i64",))


class LinkedModule:
    """A compiled module with its host functions, used only by the thread that made it."""

    def __init__(self, engine: Engine, make_guest: GuestFactory, compiled: Compiled) -> None:
        self.guest = make_guest(compiled)
        self._slice = FIRST_SLICE
        self._has_start = compiled.info.has_start
        self._depth = Depth(compiled.info)
        self._checkpoints = _Checkpoints(self._depth)
        functions = dict(self.guest.functions())
        functions[CHECKPOINT] = HostFunction(CHECKPOINT_TYPE, self._checkpoints.call)
        self._module = module = engine.load(compiled.artifact, compiled.info, functions)
        self._renews = module if isinstance(module, Renews) else None

    def instantiate(self, run: Execution, *, renew: bool = False) -> EngineInstance:
        """Make an instance; its start function, if it has one, uses *run*'s budget. *renew*: use
        what `retire` kept, if the engine can.

        Raises: GuestError, or the error that stopped *run*.
        """
        if not self._has_start:
            return self._make(renew)
        self._depth.start(run)
        self._checkpoints.run = run
        counted = run.usage.instructions
        try:
            return self._make(renew)
        except Exception as error:
            if run.stopped is not None:
                raise run.stopped from error
            raise
        finally:
            self._checkpoints.run = None
            self._depth.start(None)
            # Do not count this fuel: the count would differ between a new and a warm instance.
            run.usage.instructions = counted
            run.end()

    def _make(self, renew: bool) -> EngineInstance:
        if renew and self._renews is not None:
            return self._renews.renew()
        return self._module.instantiate()

    def retire(self, instance: EngineInstance) -> None:
        """Let the engine keep what can be used again of *instance*, which was made to `renew`."""
        if self._renews is not None:
            self._renews.retire(instance)

    def drop_kept(self) -> None:
        """Drop what `retire` kept."""
        if self._renews is not None:
            self._renews.drop_kept()

    def enter(self, run: Execution, instance: EngineInstance) -> None:
        """Pass checkpoints to *run* from now on."""
        instance.set_depth(self._depth.frames(run))
        self._checkpoints.run = run
        run.begin(instance, self._slice)

    def leave(self, run: Execution) -> None:
        self._checkpoints.run = None
        self._slice = run.slice
        run.end()


class _Checkpoints:
    """The receiver of a module's checkpoints.

    It is apart from `LinkedModule`, which the engine's function would otherwise keep alive: the
    garbage collector cannot look into engines' objects, so it would never free such a cycle
    (5.6 MiB for each ended thread that had loaded QuickJS, wasmer with LLVM).
    """

    __slots__ = ("_depth", "run")

    def __init__(self, depth: Depth) -> None:
        self._depth = depth
        self.run: Execution | None = None

    def call(self, fuel: int) -> int:
        run = self.run
        if fuel == ASK_DEPTH:
            return self._depth.answer(run)
        return run.checkpoint(fuel) if run is not None else -1
