"""A pool whose bounds change while instances are lent."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from nexus.model import State
from nexus.plugin_api.engine import Engine
from tests.pool.guests import COUNTER, counts, pool_of
from tests.pool.test_budget import wait_for_waiters
from tests.support import PAGE, build, handler, run


def test_smaller_bounds_take_idle_ones_at_once_and_lent_ones_as_they_come_back(
    engine: Engine,
) -> None:
    pool, served = pool_of(engine, max_instances=4), handler(build(engine, COUNTER))
    lent = [pool.acquire(served, run()) for _ in range(4)]
    for instance in lent[2:]:
        pool.release(instance, served, run())
    pool.resize(max_instances=1)
    assert counts(pool) == (2, 0, 4)
    assert [instance.state for instance in lent[2:]] == [State.TERMINATED] * 2
    pool.release(lent[0], served, run())
    assert counts(pool) == (1, 0, 4)
    pool.release(lent[1], served, run())
    assert counts(pool) == (0, 1, 4)
    assert pool.total_memory() == PAGE
    assert pool.acquire(served, run()) is lent[1]


def test_one_that_is_discarded_counts_among_those_that_go(engine: Engine) -> None:
    pool, served = pool_of(engine, max_instances=2), handler(build(engine, COUNTER))
    lent = [pool.acquire(served, run()) for _ in range(2)]
    pool.resize(max_instances=1)
    pool.discard(lent[0])
    pool.release(lent[1], served, run())
    assert counts(pool) == (0, 1, 2)


def test_less_memory_takes_idle_ones(engine: Engine) -> None:
    pool, served = pool_of(engine, max_instances=4), handler(build(engine, COUNTER))
    lent = [pool.acquire(served, run()) for _ in range(3)]
    for instance in lent:
        pool.release(instance, served, run())
    pool.resize(max_instances=4, max_memory_bytes=2 * PAGE)
    assert counts(pool) == (0, 2, 3)
    assert lent[0].state is State.TERMINATED  # the one idle longest


def test_larger_bounds_let_those_in_who_wait(engine: Engine) -> None:
    pool, served = pool_of(engine, max_instances=1), handler(build(engine, COUNTER))
    pool.acquire(served, run())
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(pool.acquire, served, run())
        wait_for_waiters(pool, 1)
        pool.resize(max_instances=2)
        assert waiting.result(10).state is State.EXECUTING
    assert counts(pool) == (2, 0, 2)
