"""Pool, instances and suspensions as one state machine over several threads: the counts add up."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from nexus.errors import (
    InvalidState,
    Overloaded,
    ShuttingDown,
    SuspensionConflict,
    SuspensionError,
    SuspensionGone,
    SuspensionNotFound,
)
from nexus.model import ExecutionResult, ExtensionAnswer, Handler, Isolation, State
from nexus.pool import InstancePool, WasmInstance
from tests import support
from tests.support import until
from tests.suspension.support import Asker, Worker, asking, id_of, run_threads

ENGINE = support.engine(*support.QUICK_ENGINES[0])
CALLERS = 3
PLACES = 3
ASKS = {"once": 1, "thrice": 3, "deep": 1, "none": 0, "trap": 0}
"""how often each export asks"""

OPERATIONS: dict[str, tuple[State, State, Callable[[WasmInstance], object]]] = {
    "lend": (State.IDLE, State.EXECUTING, lambda i: i.lend()),
    "give_back": (State.EXECUTING, State.IDLE, lambda i: i.give_back()),
    "suspend": (State.EXECUTING, State.SUSPENDED, lambda i: i.suspend("s", lambda answer: None)),
    "go_on": (State.SUSPENDED, State.EXECUTING, lambda i: i.go_on()),
    "resume": (State.SUSPENDED, State.SUSPENDED, lambda i: i.resume(ExtensionAnswer(True, b"1"))),
}
"""operation -> the state it needs, the one it leads to, and how it is called"""


def in_state(state: State) -> WasmInstance:
    """A real instance that was brought there."""
    pool = InstancePool(ENGINE, lambda _: Asker(), max_instances=1)
    instance = pool.acquire(asking(ENGINE), support.run())
    instance.give_back()
    if state is State.TERMINATED:
        instance.terminate()
    elif state is not State.IDLE:
        instance.lend()
        if state is State.SUSPENDED:
            OPERATIONS["suspend"][2](instance)
    return instance


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("state", list(State))
def test_each_operation_is_for_one_state(state: State, operation: str) -> None:
    wanted, following, call = OPERATIONS[operation]
    instance = in_state(state)
    if state is wanted:
        call(instance)
        assert instance.state is following
        return
    with pytest.raises(InvalidState) as caught:
        call(instance)
    assert (caught.value.state, caught.value.wanted) == (state.value, wanted.value)
    assert f"is {state.value}; it must be {wanted.value}" in str(caught.value)
    assert instance.state is state


@pytest.mark.parametrize("state", list(State))
def test_whatever_it_is_it_can_be_terminated(state: State) -> None:
    instance = in_state(state)
    instance.terminate()
    assert (instance.state, instance.suspension_id()) == (State.TERMINATED, None)
    assert instance.memory_used() == 0


class SuspensionMachine(RuleBasedStateMachine):
    """Three callers start, resume, cancel, hold; one model counts along."""

    @initialize(most=st.integers(1, 4), isolation=st.sampled_from(list(Isolation)))
    def begin(self, most: int, isolation: Isolation) -> None:
        self.most = most
        self.worker = Worker(ENGINE, max_running=PLACES, most=most, timeout_s=600.0)
        self.served = asking(ENGINE, isolation=isolation)
        self.callers = [ThreadPoolExecutor(1) for _ in range(CALLERS)]
        self.left: dict[str, int] = {}
        """suspension id -> how often it will still ask after it was resumed"""
        self.ended: list[tuple[str, type[SuspensionError]]] = []
        self.held: dict[int, WasmInstance] = {}
        self.runs = 0
        self.closed = False

    def on(self, caller: int, call: Callable[[], Any]) -> Any:
        return self.callers[caller].submit(call).result(20)

    def free(self, data: st.DataObject) -> int:
        return data.draw(st.sampled_from([n for n in range(CALLERS) if n not in self.held]))

    def follow(self, result: ExecutionResult, asks: int, expected: str) -> None:
        """Note what became of an execution that asks so often from here on."""
        if asks and len(self.left) >= self.most:
            assert result.error is not None
            assert result.error["code"] == "RESOURCE_LIMIT"
        elif asks:
            self.left[id_of(result)] = asks - 1
            return
        else:
            assert result.status == expected
        self.runs += 1

    @precondition(lambda self: len(self.held) < CALLERS and not self.closed)
    @rule(data=st.data(), export=st.sampled_from(sorted(ASKS)))
    def execute(self, data: st.DataObject, export: str) -> None:
        result = self.on(self.free(data), lambda: self.worker.execute(self.served, export))
        self.follow(result, ASKS[export], "error" if export == "trap" else "success")

    @precondition(lambda self: len(self.held) < CALLERS and not self.closed)
    @rule(data=st.data())
    def run_into_the_deadline(self, data: st.DataObject) -> None:
        spin = lambda: self.worker.execute(self.served, "spin", timeout_s=0.01)  # noqa: E731
        assert self.on(self.free(data), spin).error["code"] == "TIMEOUT"
        self.runs += 1

    def draw_suspended(self, data: st.DataObject) -> str:
        return str(data.draw(st.sampled_from(sorted(self.left, key=list(self.left).index))))

    def resume_by_id(self, suspension_id: str) -> ExecutionResult | None:
        try:
            return self.worker.suspensions.resume(suspension_id, ExtensionAnswer(True, b"1"))
        except SuspensionConflict:
            return None

    @precondition(lambda self: self.left and len(self.held) < CALLERS)
    @rule(data=st.data())
    def resume(self, data: st.DataObject) -> None:
        chosen = self.draw_suspended(data)
        asks = self.left.pop(chosen)
        result = self.on(self.free(data), lambda: self.resume_by_id(chosen))
        assert result is not None
        self.ended.append((chosen, SuspensionConflict))
        self.follow(result, asks, "success")

    @precondition(lambda self: self.left and len(self.held) < CALLERS - 1)
    @rule(data=st.data())
    def resume_twice_at_once(self, data: st.DataObject) -> None:
        chosen = self.draw_suspended(data)
        asks = self.left.pop(chosen)
        callers = [n for n in range(CALLERS) if n not in self.held][:2]
        both = [self.callers[n].submit(self.resume_by_id, chosen) for n in callers]
        results = [result for one in both if (result := one.result(20)) is not None]
        assert len(results) == 1
        self.ended.append((chosen, SuspensionConflict))
        self.follow(results[0], asks, "success")

    @precondition(lambda self: self.left)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        chosen = self.draw_suspended(data)
        del self.left[chosen]
        self.worker.suspensions.cancel(chosen)
        self.ended.append((chosen, SuspensionGone))
        self.runs += 1

    @precondition(lambda self: self.left)
    @rule(count=st.integers(1, 3))
    def expire(self, count: int) -> None:
        """The clock of those suspended longest runs out."""
        book = self.worker.book
        with book._lock:
            for chosen in list(self.left)[:count]:
                record = book._asked[chosen]
                record.deadlines[chosen] = time.monotonic()
                book._free(record)
        for chosen in list(self.left)[:count]:
            del self.left[chosen]
            self.ended.append((chosen, SuspensionGone))
            self.runs += 1
        until(lambda: len(book) == len(self.left))

    @precondition(lambda self: self.ended)
    @rule(data=st.data())
    def come_too_late(self, data: st.DataObject) -> None:
        chosen, error = data.draw(st.sampled_from(self.ended))
        with pytest.raises(error):
            self.worker.suspensions.resume(chosen, ExtensionAnswer(True, b"1"))
        with pytest.raises(error):
            self.worker.suspensions.cancel(chosen)
        with pytest.raises(SuspensionNotFound):
            self.worker.pool.get_suspended(chosen)

    @precondition(lambda self: len(self.held) < PLACES - 1 and not self.closed)
    @rule(data=st.data())
    def hold(self, data: st.DataObject) -> None:
        """Lend an instance, as a request that cannot be suspended does."""
        caller = self.free(data)
        held = self.on(caller, lambda: self.worker.pool.acquire(self.served, support.run()))
        self.held[caller] = held

    @precondition(lambda self: self.held)
    @rule(data=st.data(), clean=st.booleans())
    def give_back(self, data: st.DataObject, clean: bool) -> None:
        caller = data.draw(st.sampled_from(sorted(self.held)))
        held, pool = self.held.pop(caller), self.worker.pool
        if clean:
            self.on(caller, lambda: pool.release(held, self.served, support.run()))
        else:
            self.on(caller, lambda: pool.discard(held))

    @precondition(lambda self: self.runs > 10 and not self.held)
    @rule()
    def shutdown(self) -> None:
        self.worker.close()
        self.runs += len(self.left)
        self.left.clear()
        self.closed = True
        with pytest.raises(ShuttingDown):
            self.worker.execute(self.served, "none")

    @invariant()
    def counts_add_up(self) -> None:
        if not hasattr(self, "worker"):
            return
        worker, pool = self.worker, self.worker.pool
        expected = (0, 0, len(self.held), len(self.left), len(self.left))
        until(lambda: worker.counts() == expected)  # what was ended has its guest to unwind
        until(lambda: len(worker.observed) == self.runs)
        assert [info.id for info in worker.book.infos()] == list(self.left)
        assert pool.active_count() + pool.available_count() <= PLACES
        assert pool._reserved == 0
        live = {*pool._idle, *pool._active, *pool._suspended.values()}
        assert pool._memory.keys() == live
        assert pool.total_memory() == sum(pool._memory.values())
        suspended = pool._suspended
        assert suspended.keys() == self.left.keys()
        assert pool._suspended_bytes == sum(pool._memory[i] for i in suspended.values())
        for suspension_id, instance in suspended.items():
            assert instance is pool.get_suspended(suspension_id)
            assert (instance.state, instance.suspension_id()) == (State.SUSPENDED, suspension_id)
        assert all(instance.state is State.IDLE for instance in pool._idle)
        assert all(instance.state is State.EXECUTING for instance in pool._active)

    def teardown(self) -> None:
        if not hasattr(self, "worker"):
            return
        for caller in list(self.held):
            held = self.held.pop(caller)
            self.on(caller, lambda instance=held: self.worker.pool.discard(instance))
        if not self.closed:
            self.worker.close()
        for caller_thread in self.callers:
            caller_thread.shutdown()
        assert not run_threads()


SuspensionMachine.TestCase.settings = settings(
    max_examples=40, stateful_step_count=40, deadline=None, database=None
)
TestSuspensionMachine = SuspensionMachine.TestCase


@pytest.mark.parametrize("seed", range(3))
def test_threads_at_random_leave_nothing_behind(seed: int) -> None:
    """The same without turns: eight threads start, resume, cancel and run into the deadline, with
    less room than they want and little time."""
    worker = Worker(
        ENGINE, max_running=3, most=6, timeout_s=0.05, max_memory_bytes=8 * support.PAGE
    )
    served = [asking(ENGINE), asking(ENGINE, isolation=Isolation.FRESH, name="fresh")]
    known: list[ExecutionResult] = []
    together = threading.Barrier(8)

    def work(number: int) -> int:
        chosen = random.Random(seed * 100 + number)
        together.wait(20)
        for _ in range(40):
            try:
                _step(worker, chosen, served, known)
            except (SuspensionGone, SuspensionConflict, Overloaded):
                continue
        return number

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(work, range(8))) == list(range(8))
    worker.until_idle()
    assert {"resumed", "expired"} <= set(worker.outcomes)
    worker.close()
    assert not run_threads()
    assert len({run.execution_id for run, _ in worker.observed}) == len(worker.observed)


def _step(
    worker: Worker, chosen: random.Random, served: list[Handler], known: list[ExecutionResult]
) -> None:
    turn = chosen.random()
    if known and turn < 0.5:
        result = worker.resume(chosen.choice(known[-12:]), 1)
        assert result.status in ("suspended", "success", "error")
    elif known and turn < 0.6:
        worker.suspensions.cancel(id_of(chosen.choice(known[-12:])))
        return
    else:
        export = chosen.choice(["once", "thrice", "thrice", "deep", "grow", "none", "trap", "spin"])
        timeout_s = 0.01 if export == "spin" else None
        exports = ("grow", "once") if export == "grow" else (export,)
        result = worker.execute(chosen.choice(served), *exports, timeout_s=timeout_s)
    if result.status == "suspended":
        known.append(result)
