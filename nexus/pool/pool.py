"""`InstancePool`: per-thread shelves of idle instances under one budget.

An instance never leaves its thread, so a thread only ever takes from its own shelf. The budget is
common: a thread that needs a new instance when `max_instances` exist evicts the one idle longest,
whoever's it is.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field

from nexus.errors import Overloaded, ShuttingDown, SuspensionNotFound
from nexus.model import Compiled, Handler, State
from nexus.pool.execution import Execution
from nexus.pool.instance import Snapshot, WasmInstance
from nexus.pool.linked import LinkedModule
from nexus.protocols import Engine, GuestFactory


@dataclass(eq=False)
class _Shelf:
    """What one thread has: its linked modules and idle instances, by compiled key."""

    modules: dict[str, LinkedModule] = field(default_factory=dict)
    idle: dict[str, list[WasmInstance]] = field(default_factory=dict)


class InstancePool:
    """Lends instances to the calling thread. Thread-safe."""

    def __init__(self, engine: Engine, make_guest: GuestFactory, *, max_instances: int) -> None:
        self._engine, self._make_guest = engine, make_guest
        self._max_instances = max_instances
        self._local = threading.local()
        self._changed = threading.Condition()  # guards all below, and every shelf's `idle`
        self._idle: OrderedDict[WasmInstance, tuple[_Shelf, str]] = OrderedDict()
        self._active: set[WasmInstance] = set()
        self._reserved = 0
        self._created = 0
        self._closed = False
        self._snapshots: dict[str, Snapshot] = {}
        self._wanted: frozenset[str] | None = None

    # ---- lending ----------------------------------------------------------------------------

    def acquire(self, handler: Handler, run: Execution) -> WasmInstance:
        """Lend an instance of *handler*'s module, new or idle, clean in either case. Give it back
        with `release` after a clean exit, with `discard` after anything else.

        Raises: Overloaded if none came free before the run's deadline; ShuttingDown; GuestError
            if the module's start function failed.
        """
        shelf = self._shelf()
        key = handler.compiled.key
        evicted: WasmInstance | None = None
        with self._changed:
            if self._closed:
                raise ShuttingDown("this worker is shutting down")
            stack = shelf.idle.get(key)
            if stack:
                instance = stack.pop()
                del self._idle[instance]
                self._active.add(instance)
                instance.state = State.EXECUTING
                return instance
            evicted = self._reserve(run.deadline)
        if evicted is not None:
            evicted.terminate()
        return self._create(shelf, handler.compiled, run)

    def _reserve(self, deadline: float) -> WasmInstance | None:
        """Under the lock: claim room for one more; return the idle instance that makes way."""
        while True:
            if self._closed:
                raise ShuttingDown("this worker is shutting down")
            if len(self._active) + len(self._idle) + self._reserved < self._max_instances:
                self._reserved += 1
                return None
            if self._idle:
                self._reserved += 1
                evicted, (shelf, key) = self._idle.popitem(last=False)
                shelf.idle[key].remove(evicted)
                return evicted
            if not self._changed.wait(deadline - time.monotonic()):
                raise Overloaded("no instance came free before the deadline")

    def _create(self, shelf: _Shelf, compiled: Compiled, run: Execution) -> WasmInstance:
        instance = None
        try:
            linked = shelf.modules.get(compiled.key)
            if linked is None:
                self._drop_stale(shelf)
                linked = LinkedModule(self._engine, self._make_guest, compiled)
                shelf.modules[compiled.key] = linked
            engine_instance = linked.instantiate(run)
            snapshot = self._snapshots.get(compiled.key)
            if snapshot is None:
                snapshot = self._snapshots.setdefault(compiled.key, Snapshot(engine_instance))
            instance = WasmInstance(linked, engine_instance, snapshot)
            instance.state = State.EXECUTING
            return instance
        finally:
            with self._changed:
                self._reserved -= 1
                if instance is not None:
                    self._active.add(instance)
                    self._created += 1
                else:
                    self._changed.notify()

    def release(self, instance: WasmInstance, handler: Handler, run: Execution) -> None:
        """Take back an instance after a clean exit: cleaned it goes to its thread's shelf, used up
        it is let go."""
        if not instance.make_ready(handler.isolation, run):
            self.discard(instance)
            return
        shelf = self._shelf()
        key = handler.compiled.key
        with self._changed:
            if not self._closed and (self._wanted is None or key in self._wanted):
                instance.state = State.IDLE
                self._active.remove(instance)
                self._idle[instance] = (shelf, key)
                stack = shelf.idle.get(key)
                if stack is None:
                    stack = shelf.idle[key] = []
                stack.append(instance)
                self._changed.notify()
                return
        self.discard(instance)

    def discard(self, instance: WasmInstance) -> None:
        """Let an instance go: its memory can no longer be trusted, or is no longer wanted."""
        with self._changed:
            self._active.discard(instance)
            self._changed.notify()
        instance.terminate()

    def warm(self, handler: Handler, run: Execution) -> bool:
        """Put one idle instance on the calling thread's shelf; False if there is no room for it
        without evicting another."""
        with self._changed:
            if len(self._active) + len(self._idle) + self._reserved >= self._max_instances:
                return False
        self.release(self.acquire(handler, run), handler, run)
        return True

    # ---- what is there ----------------------------------------------------------------------

    def retain(self, keys: frozenset[str]) -> None:
        """Keep only modules with these keys: idle instances of others go at once, linked modules
        when their thread next makes one."""
        with self._changed:
            self._wanted = keys
            stale = [(i, place) for i, place in self._idle.items() if place[1] not in keys]
            for instance, (shelf, key) in stale:
                del self._idle[instance]
                shelf.idle[key].remove(instance)
            for key in self._snapshots.keys() - keys:
                del self._snapshots[key]
        for instance, _ in stale:
            instance.terminate()

    def _drop_stale(self, shelf: _Shelf) -> None:
        wanted = self._wanted
        if wanted is not None:
            for key in shelf.modules.keys() - wanted:
                del shelf.modules[key]

    def _shelf(self) -> _Shelf:
        try:
            shelf: _Shelf = self._local.shelf
        except AttributeError:
            shelf = self._local.shelf = _Shelf()
        return shelf

    def active_count(self) -> int:
        """Instances lent now."""
        return len(self._active)

    def available_count(self) -> int:
        """Instances idle now."""
        return len(self._idle)

    def suspended_count(self) -> int:
        """Instances in the middle of a suspended execution; this version cannot suspend any."""
        return 0

    def get_suspended(self, suspension_id: str) -> WasmInstance:
        """Raises: SuspensionNotFound; this version cannot suspend any."""
        raise SuspensionNotFound(f"no suspension {suspension_id!r}")

    def instances_created(self) -> int:
        """Instances made since the start."""
        return self._created

    def total_memory(self) -> int:
        """Bytes of linear memory at their peak, of all live instances."""
        with self._changed:
            live = [*self._active, *self._idle]
        return sum(instance.memory_peak() for instance in live)

    def shutdown(self) -> None:
        """Let all idle instances go and refuse new loans; lent ones go when they come back."""
        with self._changed:
            self._closed = True
            idle = list(self._idle)
            for shelf, _ in self._idle.values():
                shelf.idle.clear()
            self._idle.clear()
            self._changed.notify_all()
        for instance in idle:
            instance.terminate()
