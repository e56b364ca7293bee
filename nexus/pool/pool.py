"""`InstancePool`: per-thread shelves of idle instances under one budget.

An instance never leaves its thread, so a thread takes instances only from its own shelf. All
threads share the budget: to make an instance beyond `max_instances`, or beyond `max_memory_bytes`
in total, a thread evicts the instance idle longest, even from another thread. Runs that wait for
the network are not counted, and for a while as many idle instances stay in addition.
"""

from __future__ import annotations

import threading

from nexus.errors import ShuttingDown
from nexus.model import Compiled, Handler, Isolation, Snapshot
from nexus.plugin_api.abi import snapshot_of
from nexus.plugin_api.engine import Engine, EngineInstance
from nexus.plugin_api.guest import GuestFactory
from nexus.pool.image import shared
from nexus.pool.instance import WasmInstance, restore
from nexus.pool.linked import LinkedModule
from nexus.pool.mapping import Mapping, map_over
from nexus.pool.scratch import ScratchSpace
from nexus.pool.shelf import Shelf, place_of
from nexus.run.execution import Execution

PAGE_BYTES = 65536


class InstancePool(ScratchSpace):
    """Lends instances to the calling thread. Thread-safe."""

    def __init__(
        self,
        engine: Engine,
        make_guest: GuestFactory,
        *,
        max_instances: int,
        max_memory_bytes: int | None = None,
        verify_resets: bool = False,
    ) -> None:
        """*max_memory_bytes*: limits the linear memory of all instances and the scratch space of
        those lent; None: unlimited.
        *verify_resets*: compare all of an instance with its snapshot after each reset."""
        self._engine, self._make_guest = engine, make_guest
        self._verifies = verify_resets
        self._local = threading.local()
        super().__init__(max_instances, max_memory_bytes)
        # Guarded by `_lock` as well:
        self._surplus = 0
        """lent instances beyond the limits, dropped when returned; above 0 only after `resize`"""
        self._created = 0
        self._snapshots: dict[str, Snapshot] = {}
        self._wanted: tuple[frozenset[str], frozenset[str]] | None = None
        """keys of the instances and modules to keep; None: keep all"""

    # ---- lending ----------------------------------------------------------------------------

    def acquire(self, handler: Handler, run: Execution) -> WasmInstance:
        """Lend an instance of *handler*'s module, new or idle, clean in either case. Return it with
        `release` after a clean exit, with `discard` after anything else.

        Raises: Overloaded if no place came free before the run's deadline; ShuttingDown; GuestError
            if the module's start function failed.
        """
        scratch = _scratch_bytes(handler)
        if not scratch:
            return self._lend(handler, run)
        self._claim_scratch(scratch, run.deadline)
        try:
            instance = self._lend(handler, run)
        except BaseException:
            self._give_up_claim(scratch)
            raise
        self._keep_scratch(instance, scratch)
        return instance

    def _lend(self, handler: Handler, run: Execution) -> WasmInstance:
        shelf = self._shelf()
        compiled = handler.compiled
        with self._lock:
            if self._closed:
                raise ShuttingDown("this worker is shutting down")
            stack = shelf.idle.get(place_of(handler))
            if stack and (not self._spare or self._busy() < self._max_instances):
                instance = stack.pop()
                del self._idle[instance]
                self._active.add(instance)
                instance.lend()
                return instance
            needed = _initial_bytes(compiled)
            evicted = self._reserve(needed, run.deadline)
        for instance in evicted:
            instance.terminate()
        return self._create(shelf, handler, needed, run)

    def _create(self, shelf: Shelf, handler: Handler, claimed: int, run: Execution) -> WasmInstance:
        instance = None
        try:
            instance = self._make(shelf, handler, run)
            instance.lend()
            return instance
        finally:
            with self._lock:
                self._reserved -= 1
                self._memory_bytes -= claimed
                if instance is not None:
                    self._active.add(instance)
                    self._note_memory(instance)
                    self._created += 1
                else:
                    self._notify()

    def _make(self, shelf: Shelf, handler: Handler, run: Execution) -> WasmInstance:
        compiled = handler.compiled
        linked = shelf.modules.get(compiled.loaded_as)
        if linked is None:
            self._drop_stale(shelf)
            linked = self._link(compiled, run)
            shelf.modules[compiled.loaded_as] = linked
        # A snapshot is mapped over the memories of others, which therefore are not used again.
        renewed = handler.isolation is Isolation.FRESH and compiled.prepared is None
        engine_instance = linked.instantiate(run, renew=renewed)
        snapshot, mapping = self._start(compiled, engine_instance, may_map=not renewed)
        made = WasmInstance(linked, compiled, engine_instance, snapshot, mapping, renewed=renewed)
        if self._verifies and renewed and not compiled.info.has_start:
            made.verify_reset()
        return made

    def _link(self, compiled: Compiled, run: Execution) -> LinkedModule:
        """Load the module for the calling thread.

        That must not cost *run* its deadline: on wasmer it takes 35 ms of CPU for CPython, and
        threads that load at the same time wait for each other.
        """
        with run.uncounted():
            return LinkedModule(self._engine, self._make_guest, compiled)

    def _start(
        self, compiled: Compiled, instance: EngineInstance, *, may_map: bool
    ) -> tuple[Snapshot, Mapping | None]:
        """Bring the new *instance* to its starting point; return that snapshot, and its mapping
        over the memory."""
        prepared = compiled.prepared
        if prepared is not None:
            snapshot = prepared.snapshot
            instance.grow_memory(len(snapshot.memory))
        else:
            kept = self._snapshots.get(compiled.key)
            if kept is None:
                kept = self._snapshots.setdefault(compiled.key, shared(snapshot_of(instance)))
            snapshot = kept
        mapping = None
        if may_map and compiled.info.reset_blocker is None:
            mapping = map_over(snapshot.image, instance.memory())
        if prepared is None:
            return snapshot, mapping
        if mapping is None:
            restore(instance, snapshot)
        else:
            instance.write_globals(snapshot.globals)
        return snapshot, mapping

    def release(self, instance: WasmInstance, handler: Handler, run: Execution) -> None:
        """Take back an instance after a clean exit: reset it onto its thread's shelf, or drop it if
        it is used up.

        Raises: InternalError if resets are verified, and this one was not complete.
        """
        ready = False
        try:
            ready = instance.make_ready(handler.isolation, run)
            if ready and self._verifies and handler.isolation is Isolation.RESET:
                ready = False
                instance.verify_reset()
                ready = True
        except BaseException:
            self.discard(instance)
            raise
        if not ready:
            self._forget(instance)
            keeps = instance.retire()
            if keeps is not None:
                self._shelf().keep(keeps)
            return
        shelf = self._shelf()
        key = place_of(handler)
        evicted: list[WasmInstance] = []
        with self._lock:
            wanted = self._wanted is None or key[0] in self._wanted[0]
            kept = wanted and not self._closed and not self._surplus
            if kept:
                if self._scratch:
                    self._free_scratch(instance)
                instance.give_back()
                self._active.remove(instance)
                self._idle[instance] = (shelf, key)
                stack = shelf.idle.get(key)
                if stack is None:
                    stack = shelf.idle[key] = []
                stack.append(instance)
                if instance.held_bytes() != self._memory.get(instance):
                    evicted = self._over_budget(instance)
                if self._spare:
                    evicted += self._over_spare()
                self._notify()
        if not kept:
            self.discard(instance)
            return
        for other in evicted:
            other.terminate()

    def discard(self, instance: WasmInstance) -> None:
        """Drop an instance that the pool cannot reset, or does not need any more."""
        self._forget(instance)
        instance.terminate()

    def _forget(self, instance: WasmInstance) -> None:
        with self._lock:
            self._active.discard(instance)
            if instance.suspension_ids():
                self._forget_suspended(instance)
            self._forget_memory(instance)
            if self._scratch:
                self._free_scratch(instance)
            if self._surplus:
                self._surplus -= 1
            self._notify()

    def leave_thread(self) -> None:
        """Drop everything the calling thread has; the thread is about to end."""
        shelf = self._shelf()
        with self._lock:
            idle = [instance for stack in shelf.idle.values() for instance in stack]
            for instance in idle:
                del self._idle[instance]
                self._forget_memory(instance)
            shelf.idle.clear()
            self._notify()
        for instance in idle:
            instance.terminate()
        shelf.modules.clear()
        shelf.kept.clear()

    # ---- limits and contents ----------------------------------------------------------------

    def warm(self, handler: Handler, run: Execution) -> bool:
        """Put one idle instance on the calling thread's shelf; return False if that would evict
        another."""
        needed = _initial_bytes(handler.compiled) + _scratch_bytes(handler)
        with self._lock:
            if not self._has_room(needed):
                return False
        self.release(self.acquire(handler, run), handler, run)
        return True

    def resize(self, *, max_instances: int, max_memory_bytes: int | None = None) -> None:
        """Set new limits. Drop idle instances beyond them at once, lent ones when they come
        back."""
        with self._lock:
            self._set_bounds(max_instances, max_memory_bytes)
            self._spare = 0
            evicted = self._evict_while(
                lambda: self._live() > max_instances or self._memory_bytes > self._max_memory
            )
            self._surplus = max(0, self._live() - max_instances)
            self._notify()
        for instance in evicted:
            instance.terminate()

    def retain(self, wanted: list[Compiled]) -> None:
        """Keep only what serves *wanted*: drop other idle instances at once, other linked modules
        when their thread next makes one."""
        keys = frozenset(compiled.key for compiled in wanted)
        modules = frozenset(compiled.loaded_as for compiled in wanted)
        with self._lock:
            self._wanted = keys, modules
            stale = [(i, place) for i, place in self._idle.items() if place[1][0] not in keys]
            for instance, (shelf, at) in stale:
                del self._idle[instance]
                shelf.idle[at].remove(instance)
                self._forget_memory(instance)
            for key in self._snapshots.keys() - keys:
                del self._snapshots[key]
            self._changed.notify_all()
        for instance, _ in stale:
            instance.terminate()

    def _drop_stale(self, shelf: Shelf) -> None:
        wanted = self._wanted
        if wanted is not None:
            for key in shelf.modules.keys() - wanted[1]:
                linked = shelf.modules.pop(key)
                if linked in shelf.kept:
                    shelf.kept.remove(linked)

    def _shelf(self) -> Shelf:
        try:
            shelf: Shelf = self._local.shelf
        except AttributeError:
            shelf = self._local.shelf = Shelf()
        return shelf

    def instances_created(self) -> int:
        """Return how many instances were made since the start."""
        return self._created

    def shutdown(self) -> None:
        """Drop all idle instances and refuse new loans; drop lent ones when they come back."""
        with self._lock:
            self._closed = True
            idle = list(self._idle)
            for instance, (shelf, _) in self._idle.items():
                shelf.idle.clear()
                self._forget_memory(instance)
            self._idle.clear()
            self._changed.notify_all()
        for instance in idle:
            instance.terminate()


def _scratch_bytes(handler: Handler) -> int:
    return 0 if handler.files is None else handler.files.scratch_bytes


def _initial_bytes(compiled: Compiled) -> int:
    """Return the bytes of linear memory of a new instance."""
    if compiled.prepared is not None:
        return len(compiled.prepared.snapshot.memory)
    return compiled.info.memory_min_pages * PAGE_BYTES
