"""One module loaded and linked for one thread, and the instances it has idle there."""

from __future__ import annotations

from nexus.errors import StackLimit
from nexus.model import Compiled, FuncType
from nexus.pool.execution import Execution
from nexus.pool.native_stack import room_bytes
from nexus.pool.slices import FIRST_SLICE
from nexus.protocols import Engine, EngineInstance, GuestFactory, HostFunction

CHECKPOINT = ("nexus", "checkpoint")
ASK_DEPTH = -(1 << 63)
"""a checkpoint's argument where depth ran out, not fuel"""
_CHECKPOINT_TYPE = FuncType(("i64",), ("i64",))


class LinkedModule:
    """A compiled module with its host functions, used only by the thread that made it."""

    def __init__(self, engine: Engine, make_guest: GuestFactory, compiled: Compiled) -> None:
        self.guest = make_guest(compiled)
        self._run: Execution | None = None
        self._slice = FIRST_SLICE
        self._start_depth = 0
        functions = dict(self.guest.functions())
        functions[CHECKPOINT] = HostFunction(_CHECKPOINT_TYPE, self._checkpoint)
        self._info = compiled.info
        self._room_bytes = room_bytes()
        self._module = engine.load(compiled.artifact, compiled.info, functions)

    def instantiate(self, run: Execution) -> EngineInstance:
        """Make an instance; its start function, if any, runs on *run*'s budget.

        Raises: GuestError, or why *run* was stopped.
        """
        self._start_depth = self._depth(run)
        self._run = run
        counted = run.usage.instructions
        try:
            return self._module.instantiate()
        except Exception as error:
            if run.stopped is not None:
                raise run.stopped from error
            raise
        finally:
            self._run = None
            self._start_depth = 0
            # Not part of the count, which would differ between a new and a warm instance.
            run.usage.instructions = counted
            run.end()

    def enter(self, run: Execution, instance: EngineInstance) -> None:
        """Let checkpoints speak to *run* from now on."""
        instance.set_depth(self._depth(run))
        self._run = run
        run.begin(instance, self._slice)

    def leave(self, run: Execution) -> None:
        self._run = None
        self._slice = run.slice
        run.end()

    def _depth(self, run: Execution) -> int:
        """How many frames *run* may make at once.

        Raises: StackLimit where not even those fit that are not counted.
        """
        info = self._info
        bytes_ = min(run.limits.stack_bytes, self._room_bytes)
        depth = bytes_ // info.frame_bytes - info.uncounted_frames
        if depth < 0:
            raise StackLimit(
                f"its largest frame takes {info.frame_bytes} bytes of the stack's {bytes_}"
            )
        return depth

    def _more_depth(self, run: Execution | None) -> int:
        """Answer a start function's first call; whoever asks later has gone too deep."""
        depth, self._start_depth = self._start_depth, 0
        if depth or run is None:
            return depth
        run.stop(StackLimit("call stack exhausted"))
        return 0

    def _checkpoint(self, fuel: int) -> int:
        run = self._run
        if fuel == ASK_DEPTH:
            return self._more_depth(run)
        return run.checkpoint(fuel) if run is not None else -1
