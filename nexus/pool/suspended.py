"""Instances in the middle of a suspended execution, and images of such instances."""

from __future__ import annotations

from collections.abc import Sequence

from nexus.errors import ResourceLimit, SuspensionNotFound
from nexus.model import Compiled
from nexus.pool.budget import Budget
from nexus.pool.instance import GoOn, WasmInstance


class SuspendedInstances(Budget):
    """A budget that counts suspended instances by their memory, not by their number."""

    def __init__(self, max_instances: int, max_memory_bytes: int | None) -> None:
        super().__init__(max_instances, max_memory_bytes)
        # Guarded by `_lock` as well:
        self._suspended: dict[str, WasmInstance] = {}
        """suspended instances by the id of each open question"""
        self._suspended_count = 0
        self._suspended_bytes = 0

    def suspend(self, instance: WasmInstance, suspension_ids: Sequence[str], resume: GoOn) -> None:
        """Free the place of *instance*, which is lent; keep its memory, which still counts.

        Raises: ResourceLimit if suspended instances would exceed the pool's memory.
        """
        with self._lock:
            self._check_suspended(instance.memory_used())
            instance.suspend(suspension_ids, resume)
            self._active.remove(instance)
            evicted = self._add_suspended(instance)
        for other in evicted:
            other.terminate()

    def store(
        self, compiled: Compiled, size_bytes: int, suspension_ids: Sequence[str], resume: GoOn
    ) -> WasmInstance:
        """Count a suspended guest of *compiled*, kept as an image of *size_bytes*, until `discard`
        is called.

        Raises: ResourceLimit, like `suspend`.
        """
        with self._lock:
            self._check_suspended(size_bytes)
            instance = WasmInstance.stored(compiled, size_bytes, suspension_ids, resume)
            evicted = self._add_suspended(instance)
        for other in evicted:
            other.terminate()
        return instance

    def go_on(self, instance: WasmInstance, deadline: float) -> None:
        """Lend *instance*, which is suspended, again.

        Raises: Overloaded if no place came free before *deadline*; ShuttingDown.
        """
        with self._lock:
            evicted = self._reserve(0, deadline)
            self._reserved -= 1
            self._forget_suspended(instance)
            instance.go_on()
            self._active.add(instance)
        for other in evicted:
            other.terminate()

    def step_aside(self, instance: WasmInstance) -> None:
        """Let others have the place of *instance*, which is lent; its memory still counts."""
        with self._lock:
            self._active.remove(instance)
            self._aside.add(instance)
            self._note_aside()
            self._notify()

    def step_back(self, instance: WasmInstance) -> None:
        """Count *instance* again. Evict an idle one for it; if none is idle, it has a place all the
        same, as in the queue: the run waits for its turn at the CPU instead."""
        with self._lock:
            self._aside.remove(instance)
            evicted = self._evict_while(self._is_full)
            self._active.add(instance)
        for other in evicted:
            other.terminate()

    def suspended_count(self) -> int:
        """Return how many instances are in the middle of a suspended execution."""
        return self._suspended_count

    def get_suspended(self, suspension_id: str) -> WasmInstance:
        """Return the instance suspended under the id. Raises: SuspensionNotFound."""
        found = self._suspended.get(suspension_id)
        if found is None:
            raise SuspensionNotFound(f"no suspension {suspension_id!r}")
        return found

    def _check_suspended(self, size: int) -> None:
        if self._suspended_count and self._suspended_bytes + size > self._max_memory:
            raise ResourceLimit(
                f"{self._suspended_count} suspended executions hold {self._suspended_bytes} "
                f"bytes of memory, of {self._max_memory} that the pool has"
            )

    def _add_suspended(self, instance: WasmInstance) -> list[WasmInstance]:
        self._suspended_count += 1
        for suspension_id in instance.suspension_ids():
            self._suspended[suspension_id] = instance
        evicted = self._over_budget(instance)
        self._suspended_bytes += self._memory[instance]
        self._notify()
        return evicted

    def _forget_suspended(self, instance: WasmInstance) -> None:
        self._suspended_count -= 1
        for suspension_id in instance.suspension_ids():
            del self._suspended[suspension_id]
        self._suspended_bytes -= self._memory[instance]
