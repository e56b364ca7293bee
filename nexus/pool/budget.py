"""The budget that all instances of a pool share: a limit on their number and on their memory."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from nexus.errors import Overloaded, ShuttingDown
from nexus.pool.instance import WasmInstance
from nexus.pool.shelf import Place, Shelf

_NO_BOUND = 1 << 62
_SPARE_S = 10.0
"""How long instances stay that runs needed while others waited for the network"""


class Budget:
    """Counts instances and their memory, and makes room. The pool inherits from it: a call to a
    separate object would cost every request."""

    def __init__(self, max_instances: int, max_memory_bytes: int | None) -> None:
        """*max_memory_bytes*: limits the linear memory of all instances; None: unlimited."""
        # Freed room may be too little for one waiter and enough for another: wake all of them.
        self._lock = threading.Lock()  # guards these, subclasses' fields, each shelf's `idle`
        self._changed = threading.Condition(self._lock)
        self._set_bounds(max_instances, max_memory_bytes)
        self._waiting = 0
        self._idle: OrderedDict[WasmInstance, tuple[Shelf, Place]] = OrderedDict()
        self._active: set[WasmInstance] = set()
        self._aside: set[WasmInstance] = set()
        """lent instances whose runs wait for the network: they count by their memory alone"""
        self._spare = 0
        """idle instances to keep beyond the limit: as many as runs were aside at once lately. Other
        threads serve meanwhile, each with instances of its own"""
        self._spare_until = 0.0
        self._memory: dict[WasmInstance, int] = {}
        self._memory_bytes = 0
        """sum of `_memory` and of the sizes claimed by `_reserve`"""
        self._reserved = 0
        self._closed = False

    def _set_bounds(self, max_instances: int, max_memory_bytes: int | None) -> None:
        self._max_instances = max_instances
        self._max_memory = _NO_BOUND if max_memory_bytes is None else max_memory_bytes

    def _reserve(self, needed: int, deadline: float) -> list[WasmInstance]:
        """Under the lock: claim room for one more; return the idle instances to evict for it."""
        evicted: list[WasmInstance] = []
        while not self._has_room(needed):
            if self._idle and self._busy() < self._max_instances:
                evicted.append(self._take_oldest())
            elif not self._wait(deadline):
                raise Overloaded("no instance came free before the deadline")
            if self._closed:
                raise ShuttingDown("this worker is shutting down")
        self._reserved += 1
        self._memory_bytes += needed
        return evicted

    def _wait(self, deadline: float) -> bool:
        self._waiting += 1
        try:
            return self._changed.wait(deadline - time.monotonic())
        finally:
            self._waiting -= 1

    def _notify(self) -> None:
        if self._waiting:  # rare; the check saves a microsecond a request
            self._changed.notify_all()

    def _has_room(self, needed: int) -> bool:
        # Written out for fresh instances, which all come here: calls would take a microsecond.
        busy = len(self._active) + self._reserved
        live = busy + len(self._idle)
        if busy >= self._max_instances or live >= self._max_instances + self._spare:
            return False
        # A lone instance is always admitted: its own limit bounds it.
        return not (live and needed) or self._memory_bytes + needed <= self._max_memory

    def _busy(self) -> int:
        return len(self._active) + self._reserved

    def _live(self) -> int:
        return self._busy() + len(self._idle)

    def _is_full(self) -> bool:
        return self._live() >= self._max_instances + self._spare

    def _note_aside(self) -> None:
        """Under the lock: one more run is aside."""
        now, count = time.monotonic(), len(self._aside)
        if count >= self._spare or now > self._spare_until:
            self._spare, self._spare_until = count, now + _SPARE_S

    def _over_spare(self) -> list[WasmInstance]:
        """Under the lock: remove and return idle instances that are spare no longer."""
        if time.monotonic() <= self._spare_until:
            return []
        self._spare = len(self._aside)
        return self._evict_while(lambda: self._live() > self._max_instances + self._spare)

    def _evict_while(self, over: Callable[[], bool]) -> list[WasmInstance]:
        """Under the lock: remove and return the instances idle longest, while *over*."""
        evicted: list[WasmInstance] = []
        while self._idle and over():
            evicted.append(self._take_oldest())
        return evicted

    def _take_oldest(self) -> WasmInstance:
        oldest, (shelf, key) = self._idle.popitem(last=False)
        shelf.idle[key].remove(oldest)
        self._forget_memory(oldest)
        return oldest

    def _over_budget(self, instance: WasmInstance) -> list[WasmInstance]:
        """Under the lock: *instance* may have grown; remove and return idle ones over budget."""
        self._forget_memory(instance)
        self._note_memory(instance)
        evicted: list[WasmInstance] = []
        while self._memory_bytes > self._max_memory and len(self._idle) > 1:
            evicted.append(self._take_oldest())
        return evicted

    def _note_memory(self, instance: WasmInstance) -> None:
        size = self._memory[instance] = instance.held_bytes()
        self._memory_bytes += size

    def _forget_memory(self, instance: WasmInstance) -> None:
        self._memory_bytes -= self._memory.pop(instance, 0)

    def active_count(self) -> int:
        """Return how many instances are lent now."""
        return len(self._active) + len(self._aside)

    def available_count(self) -> int:
        """Return how many instances are idle now."""
        return len(self._idle)

    def total_memory(self) -> int:
        """Return the bytes of linear memory of all live instances, lent ones as when lent, and of
        the scratch space of runs."""
        return self._memory_bytes
