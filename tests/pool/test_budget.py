"""One budget of instances and memory over all threads, and what happens at its end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest

from nexus.errors import (
    CompilationError,
    DeadlineExceeded,
    GuestTrap,
    Overloaded,
    ShuttingDown,
    SuspensionNotFound,
)
from nexus.model import Compiled, Handler, Isolation, State
from nexus.plugin_api.engine import Engine, EngineModule
from nexus.pool import InstancePool, WarmedThreads, WasmInstance, spread, warm_threads
from tests.pool.guests import (
    CLEAN,
    COUNTER,
    START_SPINS,
    START_WAITS_AND_TRAPS,
    WAITS,
    counts,
    pool_of,
    serve,
)
from tests.support import PAGE, Probe, build, handler, run

BIG = '(module (memory 3) (func (export "f")))'
SMALL = '(module (memory 1) (func (export "f")))'


def test_loading_a_module_takes_nothing_of_the_deadline(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many threads may load at once, and wait for each other."""
    clock = SimpleNamespace(now=time.monotonic(), monotonic=lambda: clock.now)
    monkeypatch.setattr("nexus.run.execution.time", clock)
    load = engine.load

    def slow(*arguments: Any) -> EngineModule:
        clock.now += 3600
        return load(*arguments)

    monkeypatch.setattr(engine, "load", slow)
    first, pool = run(), pool_of(engine)
    deadline = first.deadline
    serve(pool, handler(build(engine, SMALL)), "f", by=first)
    assert first.deadline == pytest.approx(deadline + 3600)
    pool.shutdown()


@pytest.fixture
def other_thread() -> Callable[..., object]:
    """Call on one thread that stays, and return what came of it."""
    with ThreadPoolExecutor(1) as threads:
        yield lambda call, *args: threads.submit(call, *args).result(20)


def in_background(call: Callable[[], object]) -> tuple[threading.Thread, list[object]]:
    """Start *call* on a thread of its own; its result or exception goes into the list."""
    ended: list[object] = []

    def work() -> None:
        try:
            ended.append(call())
        except BaseException as error:
            ended.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    return thread, ended


def wait_for_waiters(pool: InstancePool, number: int) -> None:
    """Until so many threads wait for room in *pool*."""
    deadline = time.monotonic() + 10
    while len(pool._changed._waiters) < number:  # type: ignore[attr-defined]
        assert time.monotonic() < deadline, "no thread came to wait"
        time.sleep(0.001)


def test_an_instance_stays_with_its_thread(
    engine: Engine, other_thread: Callable[..., object]
) -> None:
    pool, served = pool_of(engine), handler(build(engine, COUNTER))
    mine = pool.acquire(served, run())
    pool.release(mine, served, run())

    def take_and_return() -> WasmInstance:
        theirs = pool.acquire(served, run())
        pool.release(theirs, served, run())
        return theirs

    theirs = other_thread(take_and_return)
    assert theirs is not mine
    assert other_thread(take_and_return) is theirs
    assert pool.acquire(served, run()) is mine
    assert counts(pool) == (1, 1, 2)


def test_at_the_limit_the_one_idle_longest_makes_way(
    engine: Engine, other_thread: Callable[..., object]
) -> None:
    pool = pool_of(engine, max_instances=2)
    first, second, third = (handler(build(engine, wat)) for wat in (COUNTER, BIG, SMALL))
    oldest = pool.acquire(first, run())
    pool.release(oldest, first, run())
    serve(pool, second, "f")
    other_thread(serve, pool, third, "f")
    assert oldest.state is State.TERMINATED
    assert counts(pool) == (0, 2, 3)
    assert pool.total_memory() == 4 * PAGE


def test_memory_makes_idle_ones_go(engine: Engine) -> None:
    pool = pool_of(engine, max_memory_bytes=4 * PAGE)
    small, big = handler(build(engine, SMALL)), handler(build(engine, BIG))
    lent = [pool.acquire(small, run()) for _ in range(3)]
    for instance in lent:
        pool.release(instance, small, run())
    assert pool.total_memory() == 3 * PAGE
    serve(pool, big, "f")
    assert pool.total_memory() == 4 * PAGE
    assert [instance.state for instance in lent].count(State.IDLE) == 1
    assert counts(pool) == (0, 2, 4)


def test_alone_an_instance_is_always_let_in(engine: Engine) -> None:
    pool = pool_of(engine, max_memory_bytes=PAGE)
    big = handler(build(engine, BIG))
    serve(pool, big, "f")
    assert counts(pool) == (0, 1, 1)
    serve(pool, handler(build(engine, SMALL)), "f")
    assert counts(pool) == (0, 1, 2)


def test_an_instance_that_grew_makes_others_go(engine: Engine) -> None:
    pool = pool_of(engine, max_memory_bytes=3 * PAGE)
    small = handler(build(engine, SMALL))
    idle = [pool.acquire(small, run()) for _ in range(2)]
    for instance in idle:
        pool.release(instance, small, run())
    growing = handler(build(engine, COUNTER), isolation=Isolation.REUSE)
    serve(pool, growing, "grow")
    assert pool.total_memory() == 3 * PAGE
    serve(pool, growing, "grow", "grow")
    assert pool.total_memory() == 4 * PAGE
    assert counts(pool) == (0, 1, 3)
    assert {instance.state for instance in idle} == {State.TERMINATED}


def test_a_full_pool_waits_until_the_deadline(engine: Engine) -> None:
    pool, served = pool_of(engine, max_instances=1), handler(build(engine, COUNTER))
    lent = pool.acquire(served, run())
    began = time.monotonic()
    with pytest.raises(Overloaded, match="no instance came free before the deadline"):
        pool.acquire(served, run(0.05))
    assert 0.05 <= time.monotonic() - began < 5
    with pytest.raises(Overloaded):
        pool.acquire(served, run(-1))
    pool.discard(lent)
    assert serve(pool, served)
    assert counts(pool) == (0, 1, 2)


@pytest.mark.parametrize("give_back", ["release", "discard"])
def test_whoever_waits_gets_the_place_that_comes_free(engine: Engine, give_back: str) -> None:
    pool, served = pool_of(engine, max_instances=1), handler(build(engine, COUNTER))
    lent = pool.acquire(served, run())
    thread, ended = in_background(lambda: serve(pool, served, "f"))
    wait_for_waiters(pool, 1)
    if give_back == "release":
        pool.release(lent, served, run())
    else:
        pool.discard(lent)
    thread.join(20)
    assert ended == [(b"BBCDEFGH", (1, 9.0))]
    assert counts(pool) == (0, 1, 2)


def test_one_that_does_not_fit_yet_does_not_keep_others_waiting(engine: Engine) -> None:
    """The first to wait needs three pages; the one page that comes free is enough for the next."""
    pool = pool_of(engine, max_memory_bytes=4 * PAGE, max_instances=10)
    small, big = handler(build(engine, SMALL)), handler(build(engine, BIG))
    lent = [pool.acquire(small, run()) for _ in range(4)]
    big_thread, big_ended = in_background(lambda: serve(pool, big))
    wait_for_waiters(pool, 1)
    small_thread, small_ended = in_background(lambda: serve(pool, small))
    wait_for_waiters(pool, 2)
    pool.discard(lent.pop())
    small_thread.join(5)
    assert small_ended == [(b"\0" * 8, ())]
    for instance in lent:
        pool.discard(instance)
    big_thread.join(20)
    assert big_ended == [(b"\0" * 8, ())]


def test_a_failed_start_gives_its_place_back(engine: Engine) -> None:
    pool = pool_of(engine, max_instances=1)
    traps = build(engine, "(module (memory 1) (func $s unreachable) (start $s))")
    served = handler(build(engine, COUNTER))
    for _ in range(3):
        with pytest.raises(GuestTrap):
            pool.acquire(handler(traps), run())
        assert (counts(pool), pool.total_memory()) == ((0, 0, 0), 0)
    assert serve(pool, served)


def test_a_failed_instantiation_wakes_a_waiter(engine: Engine) -> None:
    """Nobody gives anything back here: only the failure itself makes the room."""
    inside, go_on = threading.Event(), threading.Event()

    def wait() -> None:
        inside.set()
        go_on.wait(20)

    pool = pool_of(engine, lambda _: Probe(wait=wait), max_instances=1)
    traps = handler(build(engine, START_WAITS_AND_TRAPS))
    failing, failure = in_background(lambda: pool.acquire(traps, run()))
    assert inside.wait(20)
    waiting, ended = in_background(
        lambda: serve(pool, handler(build(engine, COUNTER)), by=run(5.0))
    )
    wait_for_waiters(pool, 1)
    go_on.set()
    failing.join(20)
    waiting.join(20)
    assert [type(error) for error in failure] == [GuestTrap]
    assert ended == [CLEAN]


def test_a_start_function_that_loops_ends_with_its_run(engine: Engine) -> None:
    pool, by = pool_of(engine, max_instances=1), run()
    by.cancel()
    with pytest.raises(DeadlineExceeded):
        pool.acquire(handler(build(engine, START_SPINS)), by)
    assert (counts(pool), pool.total_memory()) == ((0, 0, 0), 0)
    assert serve(pool, handler(build(engine, COUNTER)))


def test_what_cannot_be_loaded_gives_its_place_back(engine: Engine) -> None:
    good = build(engine, COUNTER)
    bad = Compiled("bad", b"no artifact", good.info, good.abi)
    pool = pool_of(engine, max_instances=1)
    with pytest.raises(CompilationError):
        pool.acquire(handler(bad), run())
    assert (counts(pool), pool.total_memory()) == ((0, 0, 0), 0)
    assert serve(pool, handler(good))


def test_shutdown_wakes_who_waits_and_lets_all_idle_go(engine: Engine) -> None:
    pool, served = pool_of(engine, max_instances=2), handler(build(engine, COUNTER))
    idle, lent = pool.acquire(served, run()), pool.acquire(served, run())
    thread, ended = in_background(lambda: pool.acquire(served, run()))
    wait_for_waiters(pool, 1)
    pool.shutdown()
    thread.join(20)
    assert [type(error) for error in ended] == [ShuttingDown]
    pool.release(idle, served, run())
    pool.release(lent, served, run())
    assert (idle.state, lent.state) == (State.TERMINATED, State.TERMINATED)
    assert (counts(pool), pool.total_memory()) == ((0, 0, 2), 0)
    with pytest.raises(ShuttingDown):
        pool.acquire(served, run())
    pool.shutdown()


def test_shutdown_reaches_the_idle_of_all_threads(
    engine: Engine, other_thread: Callable[..., object]
) -> None:
    pool, served = pool_of(engine), handler(build(engine, COUNTER))
    serve(pool, served)
    other_thread(serve, pool, served)
    assert counts(pool) == (0, 2, 2)
    pool.shutdown()
    assert (counts(pool), pool.total_memory()) == ((0, 0, 2), 0)


def test_retain_lets_the_instances_of_old_versions_go(
    engine: Engine, other_thread: Callable[..., object]
) -> None:
    pool = pool_of(engine, max_instances=10)
    old, new = handler(build(engine, COUNTER)), handler(build(engine, BIG))
    serve(pool, old)
    other_thread(serve, pool, old)
    lent = pool.acquire(old, run())
    serve(pool, new)
    pool.retain([new.compiled])
    assert counts(pool) == (1, 1, 3)
    assert pool._snapshots.keys() == {new.compiled.key}
    pool.release(lent, old, run())
    assert lent.state is State.TERMINATED
    assert counts(pool) == (0, 1, 3)
    serve(pool, old, "f")
    assert counts(pool) == (0, 1, 4)


def test_retain_drops_loaded_modules_when_their_thread_loads_another(engine: Engine) -> None:
    pool = pool_of(engine)
    versions = [handler(build(engine, wat)) for wat in (COUNTER, BIG, SMALL)]
    serve(pool, versions[0])
    pool.retain([versions[1].compiled])
    serve(pool, versions[1])
    assert pool._shelf().modules.keys() == {versions[1].compiled.key}


def test_retain_wakes_who_waits(engine: Engine) -> None:
    pool = pool_of(engine, max_memory_bytes=4 * PAGE)
    small, big = handler(build(engine, SMALL)), handler(build(engine, BIG))
    lent = [pool.acquire(small, run()) for _ in range(4)]
    thread, ended = in_background(lambda: serve(pool, big))
    wait_for_waiters(pool, 1)
    pool.retain([big.compiled])
    for instance in lent:
        pool.release(instance, small, run())
    thread.join(20)
    assert ended == [(b"\0" * 8, ())]
    assert counts(pool) == (0, 1, 5)


def test_warm_makes_an_idle_one_where_there_is_room(engine: Engine) -> None:
    pool, served = pool_of(engine, max_instances=2), handler(build(engine, COUNTER))
    assert pool.warm(served, run())
    assert counts(pool) == (0, 1, 1)
    lent = pool.acquire(served, run())
    assert counts(pool) == (1, 0, 1)
    assert pool.warm(served, run())
    assert not pool.warm(handler(build(engine, BIG)), run())
    pool.release(lent, served, run())
    assert counts(pool) == (0, 2, 2)


def test_nothing_can_be_asked_for_as_suspended(engine: Engine) -> None:
    pool = pool_of(engine)
    assert pool.suspended_count() == 0
    with pytest.raises(SuspensionNotFound, match="no suspension 'x'"):
        pool.get_suspended("x")


@pytest.mark.parametrize(
    ("instances", "expected"), [(0, 0), (1, 1), (4, 4), (6, 6), (8, 8), (100, 8)]
)
def test_threads_are_warm_one_by_one(engine: Engine, instances: int, expected: int) -> None:
    pool = pool_of(engine, max_instances=10)
    served = [handler(build(engine, wat), name=name) for wat, name in ((BIG, "a"), (SMALL, "b"))]
    warmed: list[tuple[str, str]] = []

    def warm(job: Handler) -> None:
        warmed.append((threading.current_thread().name, job.name))
        pool.warm(job, run())

    with ThreadPoolExecutor(4) as threads:
        warm_threads(WarmedThreads(threads, 4), spread(served, 4, instances), warm)
        assert counts(pool) == (0, expected, expected)
    assert len(set(warmed)) == len(warmed) == expected
    assert len({thread for thread, _ in warmed}) == min(expected, 4)


def test_no_handlers_are_no_jobs() -> None:
    assert spread([], 4, 10) == []


def test_many_threads_at_once_stay_within_the_limit(engine: Engine) -> None:
    """All eight want one of three at the same moment, and all of them get it."""
    inside: list[int] = []
    peak: list[int] = []
    lock = threading.Lock()

    def wait() -> None:
        with lock:
            inside.append(1)
            peak.append(len(inside))
        time.sleep(0.0005)  # gives the GIL up, as a guest's checkpoint does
        with lock:
            inside.pop()

    pool = pool_of(engine, lambda _: Probe(wait=wait), max_instances=3)
    served = handler(build(engine, WAITS))
    together = threading.Barrier(8)

    def work(number: int) -> int:
        together.wait(20)
        for _ in range(10):
            serve(pool, served, "f")
        return number

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(work, range(8))) == list(range(8))
    assert max(peak) <= 3
    assert counts(pool)[0] == 0
    assert counts(pool)[1] <= 3
    assert pool.total_memory() == counts(pool)[1] * PAGE
