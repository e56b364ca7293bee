"""`WasmInstance`: one instance with a state, bound to its thread, and a way back to its start."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from nexus.errors import InternalError, InvalidState
from nexus.model import Compiled, ExtensionAnswer, Handler, Isolation, Snapshot, State, Task
from nexus.plugin_api.engine import EngineInstance
from nexus.pool.linked import LinkedModule
from nexus.pool.mapping import Mapping
from nexus.pool.verify import difference
from nexus.run.execution import Execution
from nexus.run.perform import perform

log = logging.getLogger("nexus.pool")

R = TypeVar("R")

_ids = itertools.count(1)


def restore(instance: EngineInstance, snapshot: Snapshot) -> None:
    """Put *instance* into the state of *snapshot*; their memories are equally long.

    Right only for modules without `reset_blocker`: tables and segments are not restored.
    """
    if snapshot.memory:
        instance.memory()[:] = snapshot.memory
    if snapshot.globals:
        instance.write_globals(snapshot.globals)


GoOn = Callable[[ExtensionAnswer], Any]
"""Continues a suspended execution; returns its next result"""


class WasmInstance:
    """One instantiated guest, with a state.

    idle -- `lend` --> executing -- `give_back` --> idle; executing -- `suspend` --> suspended --
    `go_on` --> executing; any state -- `terminate` --> terminated. The pool calls these, under
    its lock. Other threads than its own may only `terminate` it, `resume` it and read its state.
    """

    __slots__ = (
        "_compiled",
        "_engine_instance",
        "_linked",
        "_mapping",
        "_peak",
        "_renewed",
        "_resume",
        "_snapshot",
        "_suspension_ids",
        "_used",
        "id",
        "state",
    )

    def __init__(
        self,
        linked: LinkedModule | None,
        compiled: Compiled,
        engine_instance: EngineInstance | None,
        snapshot: Snapshot,
        mapping: Mapping | None = None,
        *,
        renewed: bool = False,
    ) -> None:
        """*linked* and *engine_instance* are None if it is suspended as an image (`stored`).
        *mapping*: maps the snapshot over the memory; None: a reset copies all of it.
        *renewed*: its engine may use parts of it again; nothing is mapped over its memory."""
        self.id = f"i{next(_ids)}"
        self.state = State.IDLE
        self._compiled = compiled
        self._linked = linked
        self._engine_instance = engine_instance
        self._snapshot, self._mapping, self._renewed = snapshot, mapping, renewed
        self._peak = len(snapshot.memory)
        self._used = self._peak
        """bytes of memory while it is suspended, for other threads to read"""
        self._suspension_ids: tuple[str, ...] = ()
        self._resume: GoOn | None = None

    @classmethod
    def stored(
        cls, compiled: Compiled, size_bytes: int, suspension_ids: Sequence[str], resume: GoOn
    ) -> WasmInstance:
        """Return a suspended instance whose guest is an image of *size_bytes*: it holds no thread,
        and another thread's instance continues it."""
        made = cls(None, compiled, None, Snapshot(b"", ()))
        made.state = State.EXECUTING
        made.suspend(suspension_ids, resume)
        made._used = made._peak = size_bytes
        return made

    # ---- states -----------------------------------------------------------------------------

    def lend(self) -> None:
        """Go from idle to executing. Raises: InvalidState in any other state."""
        self._must_be(State.IDLE)
        self.state = State.EXECUTING

    def give_back(self) -> None:
        """Go from executing to idle. Raises: InvalidState in any other state."""
        self._must_be(State.EXECUTING)
        self.state = State.IDLE

    def suspend(self, suspension_ids: Sequence[str], resume: GoOn) -> None:
        """Go from executing to suspended, until *resume* is called; its thread waits meanwhile.
        *suspension_ids*: of its open questions, the oldest first."""
        self._must_be(State.EXECUTING)
        self._used = self.memory_used()
        self._peak = max(self._peak, self._used)
        self._suspension_ids, self._resume = tuple(suspension_ids), resume
        self.state = State.SUSPENDED

    def go_on(self) -> None:
        """Go from suspended to executing. Raises: InvalidState in any other state."""
        self._must_be(State.SUSPENDED)
        self._suspension_ids, self._resume = (), None
        self.state = State.EXECUTING

    def _must_be(self, wanted: State) -> None:
        if self.state is not wanted:
            raise InvalidState(self.id, self.state.value, wanted.value)

    def terminate(self) -> None:
        """Drop the instance. Any thread may do this to an engine's objects (fact 26)."""
        self.state = State.TERMINATED
        self._engine_instance = self._mapping = None
        self._linked = None
        self._suspension_ids, self._resume = (), None

    def retire(self) -> LinkedModule | None:
        """Drop the instance after a clean exit, on its own thread; return its module if that may
        keep parts of it."""
        linked, instance = self._linked, self._engine_instance
        self.terminate()
        if not self._renewed or linked is None or instance is None:
            return None
        linked.retire(instance)
        return linked

    # ---- work -------------------------------------------------------------------------------

    def execute(self, compiled: Compiled, task: Task[R], *, handler: Handler, run: Execution) -> R:
        """Run *task* and return its result. The instance stays in state executing until the pool
        takes it back or terminates it.

        Raises: GuestError; InvalidState if the instance is not lent, or not made from *compiled*.
        """
        linked, instance = self._linked, self._engine_instance
        if self.state is not State.EXECUTING or linked is None or instance is None:
            raise InvalidState(self.id, self.state.value, State.EXECUTING.value)
        if self._compiled.key != compiled.key:
            raise InvalidState(self.id, f"one of {self._compiled.key}", f"one of {compiled.key}")
        linked.enter(run, instance)
        run.lent = self
        try:
            return perform(linked.guest, instance, task, handler, run)
        finally:
            linked.leave(run)
            run.lent = None
            used = instance.memory_size()
            if used > self._peak:
                self._peak = used
            run.usage.memory_used_bytes = used
            run.usage.memory_peak_bytes = self._peak

    def reset(self) -> bool:
        """Go back to the snapshot; return False if the reset cannot be proved complete."""
        instance = self._engine_instance
        if instance is None or self._compiled.info.reset_blocker is not None:
            return False
        if instance.memory_size() != len(self._snapshot.memory):
            return False
        if self._mapping is None:
            restore(instance, self._snapshot)
            return True
        try:
            self._mapping.reset()
        except OSError as error:
            log.warning("an instance is replaced, because its reset failed: %s", error)
            return False
        instance.write_globals(self._snapshot.globals)
        return True

    def verify_reset(self) -> None:
        """Compare memory and globals with the snapshot, all of it: right after a reset, or when the
        instance is new.

        Raises: InternalError, saying where they differ.
        """
        instance = self._engine_instance
        found = None if instance is None else difference(instance, self._snapshot)
        if found is not None:
            raise InternalError(f"a reset was not complete: {found}")

    def written(self) -> list[tuple[int, int]] | None:
        """Return where the memory may differ from the snapshot, as (start, end) in bytes, without
        the part beyond the snapshot. None: it may differ anywhere."""
        if self._mapping is None:
            return None
        try:
            return self._mapping.written()
        except OSError:
            return None

    def make_ready(self, isolation: Isolation, run: Execution) -> bool:
        """Prepare for the next request after a clean exit; return False if it must be replaced."""
        if isolation is Isolation.REUSE:
            return run.stopped is None
        return isolation is Isolation.RESET and self.reset()

    def resume(self, result: ExtensionAnswer) -> Any:
        """Answer the oldest question of the suspended execution; return its next result.

        Raises: InvalidState if it is not suspended; SuspensionConflict, SuspensionGone if another
            caller resumed or ended it first.
        """
        resume = self._resume
        if resume is None:
            raise InvalidState(self.id, self.state.value, State.SUSPENDED.value)
        return resume(result)

    def suspension_id(self) -> str | None:
        """Return the id of the oldest open question; None: this instance is not suspended."""
        return self._suspension_ids[0] if self._suspension_ids else None

    def suspension_ids(self) -> tuple[str, ...]:
        """Return the ids of all open questions, the oldest first."""
        return self._suspension_ids

    def memory_used(self) -> int:
        """Return the bytes of linear memory now; 0 once terminated."""
        if self.state is State.SUSPENDED:
            return self._used
        instance = self._engine_instance
        return instance.memory_size() if instance is not None else 0

    def held_bytes(self) -> int:
        """Return about how many bytes it shares with no other instance; the pool counts these."""
        mapping = self._mapping
        if mapping is None or self._peak > len(self._snapshot.memory):
            return self._peak
        return mapping.private_bytes()

    def memory_peak(self) -> int:
        """Return the most bytes of linear memory it ever had."""
        return self._peak
