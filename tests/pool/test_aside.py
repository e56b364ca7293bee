"""Instances whose runs wait for the network take no place."""

from __future__ import annotations

import pytest

from nexus.errors import Overloaded
from nexus.plugin_api.engine import Engine
from tests.pool.guests import COUNTER, counts, pool_of, serve
from tests.support import build, handler, run


def test_another_is_lent_in_its_place(engine: Engine) -> None:
    pool, served = pool_of(engine, max_instances=1), handler(build(engine, COUNTER))
    first = pool.acquire(served, run())
    with pytest.raises(Overloaded):
        pool.acquire(served, run(timeout_s=0.01))
    pool.step_aside(first)
    second = pool.acquire(served, run())
    assert counts(pool) == (2, 0, 2)
    pool.step_back(first)
    pool.release(first, served, run())
    pool.release(second, served, run())
    assert pool.active_count() == 0


def test_an_idle_one_makes_room_for_its_return(engine: Engine) -> None:
    pool, served = pool_of(engine, max_instances=1), handler(build(engine, COUNTER))
    first = pool.acquire(served, run())
    pool.step_aside(first)
    serve(pool, served)
    assert counts(pool) == (1, 1, 2)
    pool.step_back(first)
    assert counts(pool) == (1, 0, 2)
    pool.release(first, served, run())
    assert counts(pool) == (0, 1, 2)


def test_its_memory_counts_all_the_time(engine: Engine) -> None:
    pool, served = pool_of(engine), handler(build(engine, COUNTER))
    first = pool.acquire(served, run())
    before = pool.total_memory()
    pool.step_aside(first)
    assert pool.total_memory() == before > 0
    pool.step_back(first)
    pool.discard(first)
    assert pool.total_memory() == 0
