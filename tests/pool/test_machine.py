"""The pool as a state machine over several threads: whatever happens, the counts add up."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from nexus.errors import GuestError, Overloaded
from nexus.model import Handler, Isolation, State
from nexus.pool import InstancePool, WasmInstance
from nexus.run import Execution
from tests import support
from tests.pool.guests import COUNTER, START, TABLE, pool_of
from tests.support import PAGE, Probe, build, calls, handler, run

THREADS = 3
ENGINE = support.engine(*support.QUICK_ENGINES[0])
CLEAN = {
    "counter": (b"ABCDEFGH", (0, 0.5)),
    "fresh": (b"ABCDEFGH", (0, 0.5)),
    "reuse": None,
    "start": (b"S" + b"\0" * 7, (2,)),
    "table": (b"\0" * 8, ()),
}
"""what each handler's instance is when it is lent; None: whatever was left"""


def handlers() -> dict[str, Handler]:
    counter, start, table = (build(ENGINE, wat) for wat in (COUNTER, START, TABLE))
    reuse = build(ENGINE, COUNTER.replace("ABCDEFGH", "REUSEDxx"))
    return {
        "counter": handler(counter, name="counter"),
        "fresh": handler(counter, name="fresh", isolation=Isolation.FRESH),
        "reuse": handler(reuse, name="reuse", isolation=Isolation.REUSE),
        "start": handler(start, name="start"),
        "table": handler(table, name="table"),
    }


class Loan:
    """An instance that a thread has now."""

    def __init__(self, instance: WasmInstance, served: Handler, by: Execution) -> None:
        self.instance, self.served, self.by = instance, served, by
        self.trapped = False


class PoolMachine(RuleBasedStateMachine):
    """Each of three threads lends, runs and gives back; one model counts along."""

    @initialize(max_instances=st.integers(1, 4), max_pages=st.integers(1, 6))
    def begin(self, max_instances: int, max_pages: int) -> None:
        self.max_instances, self.max_pages = max_instances, max_pages
        self.pool = InstancePool(
            ENGINE,
            lambda compiled: Probe(),
            max_instances=max_instances,
            max_memory_bytes=max_pages * PAGE,
        )
        # Nobody else acts while one thread waits, so it need not: time must not decide anything.
        self.pool._wait = lambda deadline: False  # type: ignore[method-assign]
        self.handlers = handlers()
        self.threads = [ThreadPoolExecutor(1) for _ in range(THREADS)]
        self.loans: dict[int, Loan] = {}
        self.seen: dict[WasmInstance, int] = {}
        self.closed = False

    def on(self, thread: int, call: Callable[[], Any]) -> Any:
        return self.threads[thread].submit(call).result(20)

    @precondition(lambda self: len(self.loans) < THREADS and not self.closed)
    @rule(data=st.data(), name=st.sampled_from(sorted(CLEAN)))
    def acquire(self, data: st.DataObject, name: str) -> None:
        thread = data.draw(st.sampled_from([n for n in range(THREADS) if n not in self.loans]))
        served, by = self.handlers[name], run()

        def lend() -> WasmInstance | None:
            try:
                return self.pool.acquire(served, by)
            except Overloaded:
                assert self.loans, "nobody has one, so there must have been room"
            return None

        instance = self.on(thread, lend)
        if instance is None:
            return
        owner = self.seen.setdefault(instance, thread)
        assert owner == thread, "an instance must not cross threads"
        assert instance not in [loan.instance for loan in self.loans.values()]
        assert instance.state is State.EXECUTING
        self.loans[thread] = Loan(instance, served, by)
        if CLEAN[name] is not None:
            assert self.execute(thread) == CLEAN[name]

    def execute(self, thread: int, *exports: str) -> Any:
        loan = self.loans[thread]
        return self.on(
            thread,
            lambda: loan.instance.execute(
                loan.served.compiled, calls(*exports), handler=loan.served, run=loan.by
            ),
        )

    @precondition(lambda self: self.loans)
    @rule(data=st.data(), export=st.sampled_from(["f", "f", "grow", "trap"]))
    def call(self, data: st.DataObject, export: str) -> None:
        thread = data.draw(st.sampled_from(sorted(self.loans)))
        loan = self.loans[thread]
        if loan.trapped or (export != "f" and loan.served.name in ("start", "table")):
            return
        try:
            self.execute(thread, export)
        except GuestError:
            assert export == "trap"
            loan.trapped = True

    @precondition(lambda self: self.loans)
    @rule(data=st.data(), clean=st.booleans())
    def give_back(self, data: st.DataObject, clean: bool) -> None:
        thread = data.draw(st.sampled_from(sorted(self.loans)))
        loan = self.loans.pop(thread)
        if clean and not loan.trapped:
            self.on(thread, lambda: self.pool.release(loan.instance, loan.served, loan.by))
        else:
            self.on(thread, lambda: self.pool.discard(loan.instance))
            assert loan.instance.state is State.TERMINATED

    @rule(names=st.sets(st.sampled_from(sorted(CLEAN))))
    def retain(self, names: set[str]) -> None:
        kept = [self.handlers[name].compiled for name in names]
        self.pool.retain(kept)
        keys = {compiled.key for compiled in kept}
        assert all(place[1][0] in keys for place in self.pool._idle.values())

    @precondition(lambda self: not self.closed)
    @rule(thread=st.integers(0, THREADS - 1), name=st.sampled_from(sorted(CLEAN)))
    def warm(self, thread: int, name: str) -> None:
        if thread not in self.loans:
            before = self.pool.active_count() + self.pool.available_count()
            warmed = self.on(thread, lambda: self.pool.warm(self.handlers[name], run()))
            assert warmed or before >= 1

    @precondition(lambda self: len(self.seen) > 8)
    @rule()
    def shutdown(self) -> None:
        self.pool.shutdown()
        self.closed = True
        assert self.pool.available_count() == 0

    @invariant()
    def counts_add_up(self) -> None:
        if not hasattr(self, "pool"):
            return
        pool = self.pool
        assert pool.active_count() == len(self.loans)
        assert pool.active_count() + pool.available_count() <= self.max_instances
        assert pool._reserved == 0
        assert pool.instances_created() >= len(self.seen)
        live = {*pool._idle, *pool._active}
        assert pool._memory.keys() == live
        assert pool.total_memory() == sum(pool._memory.values())
        if not self.loans and len(live) > 1:
            assert pool.total_memory() <= self.max_pages * PAGE
        shelved = [i for i, (shelf, key) in pool._idle.items() if i in shelf.idle[key]]
        assert shelved == list(pool._idle)
        assert all(instance.state is State.IDLE for instance in pool._idle)

    def teardown(self) -> None:
        for thread in getattr(self, "threads", ()):
            thread.shutdown()


PoolMachine.TestCase.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, database=None
)
TestPoolMachine = PoolMachine.TestCase


def test_threads_at_random_leave_nothing_behind() -> None:
    """The same without turns: all threads at once, over a budget that is too small for them."""
    served = list(handlers().values())
    pool = pool_of(ENGINE, max_instances=3, max_memory_bytes=4 * PAGE)
    together = threading.Barrier(6)

    def work(seed: int) -> int:
        done = 0
        together.wait(20)
        for turn in range(25):
            chosen = served[(seed * 7 + turn * 3) % len(served)]
            by = run()
            instance = pool.acquire(chosen, by)
            try:
                exports = ("f", "trap") if turn % 5 == 4 and chosen.name == "counter" else ("f",)
                instance.execute(chosen.compiled, calls(*exports), handler=chosen, run=by)
            except GuestError:
                pool.discard(instance)
            else:
                pool.release(instance, chosen, by)
            done += 1
        return done

    with ThreadPoolExecutor(6) as threads:
        assert list(threads.map(work, range(6))) == [25] * 6
    assert (pool.active_count(), pool._reserved) == (0, 0)
    assert pool.available_count() <= 3
    assert pool.total_memory() == sum(instance.memory_peak() for instance in pool._idle)
    pool.shutdown()
    assert (pool.available_count(), pool.total_memory()) == (0, 0)
