"""Scratch space counts as memory of the pool while its run has an instance."""

from __future__ import annotations

import pytest

from nexus.errors import GuestTrap, Overloaded, ShuttingDown
from nexus.model import Files, Handler
from nexus.plugin_api.engine import Engine
from nexus.pool import InstancePool
from tests.support import PAGE, build, handler, run

from .guests import counts, pool_of
from .test_budget import SMALL, in_background, wait_for_waiters


def scratching(engine: Engine, pages: int, code: str = SMALL) -> Handler:
    return handler(build(engine, code), files=Files((), pages * PAGE))


@pytest.fixture
def pool(engine: Engine) -> InstancePool:
    return pool_of(engine, max_memory_bytes=6 * PAGE, max_instances=10)


@pytest.mark.parametrize("give_back", ["release", "discard"])
def test_it_counts_until_the_run_ends(engine: Engine, pool: InstancePool, give_back: str) -> None:
    served = scratching(engine, 2)
    lent = [pool.acquire(served, run()) for _ in range(2)]
    assert pool.total_memory() == 6 * PAGE
    with pytest.raises(Overloaded, match="no room for scratch_mb came free before the deadline"):
        pool.acquire(served, run(0.05))
    thread, ended = in_background(lambda: pool.discard(pool.acquire(served, run())))
    wait_for_waiters(pool, 1)
    for instance in lent:
        if give_back == "release":
            pool.release(instance, served, run())
        else:
            pool.discard(instance)
    thread.join(20)
    assert ended == [None]
    assert pool.total_memory() == counts(pool)[1] * PAGE


def test_idle_instances_make_way(engine: Engine, pool: InstancePool) -> None:
    small = handler(build(engine, SMALL))
    idle = [pool.acquire(small, run()) for _ in range(4)]
    for instance in idle:
        pool.release(instance, small, run())
    pool.discard(pool.acquire(scratching(engine, 4), run()))
    assert counts(pool)[1] < 4


def test_alone_it_is_always_let_in(engine: Engine, pool: InstancePool) -> None:
    served = scratching(engine, 100)
    lent = pool.acquire(served, run())
    assert pool.total_memory() == 101 * PAGE
    with pytest.raises(Overloaded):
        pool.acquire(served, run(0.05))
    pool.step_aside(lent)  # it waits for the network, with its files
    with pytest.raises(Overloaded):
        pool.acquire(served, run(0.05))
    pool.step_back(lent)
    pool.release(lent, served, run())
    pool.discard(pool.acquire(served, run()))
    assert pool.total_memory() == 0


def test_a_failed_start_frees_it(engine: Engine, pool: InstancePool) -> None:
    traps = "(module (memory 1) (func $start unreachable) (start $start))"
    with pytest.raises(GuestTrap):
        pool.acquire(scratching(engine, 5, traps), run())
    assert pool.total_memory() == 0


def test_shutdown_wakes_who_waits_for_it(engine: Engine, pool: InstancePool) -> None:
    served = scratching(engine, 5)
    lent = pool.acquire(served, run())

    def wait() -> None:
        with pytest.raises(ShuttingDown):
            pool.acquire(served, run())

    thread, ended = in_background(wait)
    wait_for_waiters(pool, 1)
    pool.shutdown()
    thread.join(20)
    pool.discard(lent)
    assert (ended, pool.total_memory()) == ([None], 0)
