"""Counts the scratch space of runs as memory of the pool."""

from __future__ import annotations

from nexus.errors import Overloaded, ShuttingDown
from nexus.pool.instance import WasmInstance
from nexus.pool.suspended import SuspendedInstances


class ScratchSpace(SuspendedInstances):
    """A budget in which each lent instance also claims its handler's `scratch_mb`. A run may fill
    it at any time, so all of it counts from the start."""

    def __init__(self, max_instances: int, max_memory_bytes: int | None) -> None:
        super().__init__(max_instances, max_memory_bytes)
        # Guarded by `_lock` as well:
        self._scratch: dict[WasmInstance, int] = {}
        self._scratch_bytes = 0
        """sum of `_scratch`, and of what runs have claimed that have no instance yet"""

    def _claim_scratch(self, size: int, deadline: float) -> None:
        """Wait for room for *size* bytes, and claim it. Evict idle instances for it.

        Raises: Overloaded, ShuttingDown.
        """
        evicted: list[WasmInstance] = []
        try:
            with self._lock:
                while self._memory_bytes + size > self._max_memory:
                    if self._idle:
                        evicted.append(self._take_oldest())
                    elif not (self._busy() or self._aside or self._scratch_bytes):
                        break  # alone: like a lone instance
                    elif not self._wait(deadline):
                        raise Overloaded("no room for scratch_mb came free before the deadline")
                    if self._closed:
                        raise ShuttingDown("this worker is shutting down")
                self._count_scratch(size)
        finally:
            for instance in evicted:
                instance.terminate()

    def _keep_scratch(self, instance: WasmInstance, size: int) -> None:
        """Keep a claim until `_free_scratch`."""
        with self._lock:
            self._scratch[instance] = size

    def _give_up_claim(self, size: int) -> None:
        """End the claim of a run that got no instance."""
        with self._lock:
            self._count_scratch(-size)
            self._notify()

    def _free_scratch(self, instance: WasmInstance) -> None:
        """Under the lock: end the claim of *instance*, if it has one."""
        self._count_scratch(-self._scratch.pop(instance, 0))

    def _count_scratch(self, size: int) -> None:
        self._scratch_bytes += size
        self._memory_bytes += size
