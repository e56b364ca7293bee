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


def test_one_that_served_meanwhile_stays_for_the_next_time(engine: Engine) -> None:
    """Its thread has no other: without it, each request would make one anew."""
    pool, served = pool_of(engine, max_instances=1), handler(build(engine, COUNTER))
    for _ in range(3):
        first = pool.acquire(served, run())
        pool.step_aside(first)
        serve(pool, served)
        assert counts(pool) == (1, 1, 2)
        pool.step_back(first)
        assert counts(pool) == (1, 1, 2)
        pool.release(first, served, run())
        assert counts(pool) == (0, 2, 2)


def test_it_goes_some_time_after_the_last_run_was_aside(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nexus.pool.budget._SPARE_S", -1.0)
    pool, served = pool_of(engine, max_instances=1), handler(build(engine, COUNTER))
    first = pool.acquire(served, run())
    pool.step_aside(first)
    serve(pool, served)
    pool.step_back(first)
    pool.release(first, served, run())
    assert counts(pool) == (0, 1, 2)


def test_spare_ones_do_not_raise_how_many_are_lent(engine: Engine) -> None:
    pool, served = pool_of(engine, max_instances=1), handler(build(engine, COUNTER))
    first = pool.acquire(served, run())
    pool.step_aside(first)
    serve(pool, served)
    pool.step_back(first)
    assert counts(pool) == (1, 1, 2)
    with pytest.raises(Overloaded):
        pool.acquire(served, run(timeout_s=0.01))
    assert counts(pool) == (1, 1, 2)
    pool.release(first, served, run())


def test_a_lower_limit_holds_at_once(engine: Engine) -> None:
    pool, served = pool_of(engine, max_instances=2), handler(build(engine, COUNTER))
    first = pool.acquire(served, run())
    pool.step_aside(first)
    second = pool.acquire(served, run())
    serve(pool, served)
    pool.release(second, served, run())
    pool.step_back(first)
    pool.release(first, served, run())
    assert counts(pool)[:2] == (0, 3)
    pool.resize(max_instances=1)
    assert counts(pool)[:2] == (0, 1)


def test_its_memory_counts_all_the_time(engine: Engine) -> None:
    pool, served = pool_of(engine), handler(build(engine, COUNTER))
    first = pool.acquire(served, run())
    before = pool.total_memory()
    pool.step_aside(first)
    assert pool.total_memory() == before > 0
    pool.step_back(first)
    pool.discard(first)
    assert pool.total_memory() == 0
