"""What an instance is between two requests: reset, replaced or kept."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from nexus.errors import CpuLimit, DeadlineExceeded, GuestTrap, InvalidState
from nexus.model import Isolation, Snapshot, State
from nexus.plugin_api.engine import Engine
from nexus.pool import InstancePool
from nexus.pool.linked import LinkedModule
from nexus.run import Execution
from tests.pool.guests import CLEAN, COUNTER, START, TABLE, USED, counts, pool_of, serve
from tests.support import (
    PAGE,
    PLAIN,
    Probe,
    address_of,
    build,
    calls,
    handler,
    prepared,
    run,
)


def test_a_reset_restores_memory_and_globals(engine: Engine) -> None:
    pool, served = pool_of(engine), handler(build(engine, COUNTER))
    assert [serve(pool, served, "f") for _ in range(3)] == [USED] * 3
    assert serve(pool, served) == CLEAN
    assert counts(pool) == (0, 1, 1)


def test_the_last_byte_of_memory_is_restored(engine: Engine) -> None:
    pool, served = pool_of(engine), handler(build(engine, COUNTER))
    serve(pool, served, "f")
    instance = pool.acquire(served, run())
    assert instance._engine_instance is not None
    assert instance._engine_instance.memory()[PAGE - 1] == 0


def test_a_reset_goes_back_to_after_the_start_function(engine: Engine) -> None:
    pool, served = pool_of(engine), handler(build(engine, START))
    assert serve(pool, served, "f") == (b"F" + b"\0" * 7, (3,))
    assert serve(pool, served) == (b"S" + b"\0" * 7, (2,))
    assert counts(pool) == (0, 1, 1)


def test_grown_memory_means_a_fresh_instance(engine: Engine) -> None:
    pool, served = pool_of(engine), handler(build(engine, COUNTER))
    by = run()
    serve(pool, served, "f", "grow", by=by)
    assert by.usage.memory_used_bytes == by.usage.memory_peak_bytes == 2 * PAGE
    assert counts(pool) == (0, 0, 1)
    assert pool.total_memory() == 0
    assert serve(pool, served) == CLEAN
    assert counts(pool) == (0, 1, 2)


def test_a_written_table_means_a_fresh_instance(engine: Engine) -> None:
    compiled = build(engine, TABLE)
    assert compiled.info.reset_blocker is not None
    pool, served = pool_of(engine), handler(compiled)
    for made in (1, 2, 3):
        serve(pool, served, "f")
        assert counts(pool) == (0, 0, made)


def test_fresh_means_fresh(engine: Engine) -> None:
    pool, served = pool_of(engine), handler(build(engine, COUNTER), isolation=Isolation.FRESH)
    for made in (1, 2, 3):
        assert serve(pool, served, "f") == USED
        assert counts(pool) == (0, 0, made)


def test_fresh_means_fresh_beside_others_of_the_same_source(engine: Engine) -> None:
    pool, compiled = pool_of(engine), build(engine, COUNTER)
    serve(pool, handler(compiled, isolation=Isolation.REUSE), "f")
    fresh = handler(compiled, isolation=Isolation.FRESH)
    assert counts(pool) == (0, 1, 1)
    assert serve(pool, fresh, "f") == USED
    assert counts(pool) == (0, 1, 2)


def test_fresh_means_fresh_after_anything(engine: Engine) -> None:
    """The engine may use parts of an instance again; `tests/engines/test_renewal.py` has more."""
    pool, served = pool_of(engine), handler(build(engine, COUNTER), isolation=Isolation.FRESH)
    for exports in (["f"], ["grow", "f"], ["f", "trap"], ["f", "f"]):
        with suppress(GuestTrap):
            serve(pool, served, *exports)
        assert serve(pool, served) == CLEAN
    assert counts(pool) == (0, 0, 8)


def test_a_new_instance_is_made_of_an_earlier_one(engine: Engine) -> None:
    pool, served = pool_of(engine), handler(build(engine, COUNTER), isolation=Isolation.FRESH)
    places = set()
    for _ in range(4):
        instance = pool.acquire(served, by := run())
        assert instance._engine_instance is not None
        places.add(address_of(instance._engine_instance.memory()))
        pool.release(instance, served, by)
        assert instance.state is State.TERMINATED
    assert len(places) == 1


def test_a_thread_keeps_parts_of_few_instances(engine: Engine) -> None:
    """The budget does not count them."""
    pool = pool_of(engine)
    texts = [COUNTER.replace("ABCDEFGH", f"handler {number}") for number in range(10)]
    every = [handler(build(engine, text), isolation=Isolation.FRESH) for text in texts]
    for served in (*every, every[2], *every[:2]):
        serve(pool, served, "f")
    shelf = pool._shelf()
    modules: list[Any] = [shelf.modules[served.compiled.loaded_as]._module for served in every]
    keep = [number for number, module in enumerate(modules) if module._spare is not None]
    assert keep == [0, 1, 2, 5, 6, 7, 8, 9]
    pool.retain([every[9].compiled])
    serve(pool, handler(build(engine, START)))
    assert [linked in shelf.modules.values() for linked in shelf.kept] == [True]


def test_a_prepared_instance_is_new_each_time(engine: Engine) -> None:
    """Its snapshot is mapped over the memory, which nobody then uses again."""
    plain = build(engine, COUNTER)
    start = Snapshot(b"prepared".ljust(8 * PAGE, b"\1")[: 4 * PAGE], (3, 1.5))
    served = handler(prepared(plain, "p", start), isolation=Isolation.FRESH)
    pool = pool_of(engine)
    for _ in range(3):
        assert serve(pool, served, "f") == (b"qrepared", (4, 9.0))
    unprepared = handler(plain, isolation=Isolation.FRESH)
    assert serve(pool, unprepared) == CLEAN


def test_reuse_keeps_everything(engine: Engine) -> None:
    pool, served = pool_of(engine), handler(build(engine, COUNTER), isolation=Isolation.REUSE)
    serve(pool, served, "f", "grow")
    assert serve(pool, served, "f") == (b"CBCDEFGH", (2, 9.0))
    assert counts(pool) == (0, 1, 1)
    assert pool.total_memory() == 2 * PAGE


def test_state_that_is_kept_stays_with_its_handler(engine: Engine) -> None:
    """Other handlers of the same source must not see it, whatever their isolation."""
    pool, compiled = pool_of(engine), build(engine, COUNTER)
    first = handler(compiled, name="first", isolation=Isolation.REUSE)
    other = handler(compiled, name="other", isolation=Isolation.REUSE)
    reset = handler(compiled, name="reset")
    serve(pool, first, "f")
    assert serve(pool, other) == serve(pool, reset) == CLEAN
    assert serve(pool, reset, "f") == USED
    assert serve(pool, reset) == serve(pool, other) == CLEAN
    assert serve(pool, first) == USED
    assert counts(pool) == (0, 3, 3)
    pool.retain([])
    assert counts(pool) == (0, 0, 3)


def test_reuse_ends_with_a_run_that_was_stopped(engine: Engine) -> None:
    """A guest that exited by itself was ended in the middle of its code."""
    compiled = build(
        engine,
        """(module (import "host" "stop" (func $stop)) (memory 1)
          (func (export "f") (call $stop)))""",
    )
    stop = DeadlineExceeded("as an exit would be")
    pool = pool_of(engine, lambda _: Probe(stop=lambda run: run.stop(stop)))
    served, by = handler(compiled, isolation=Isolation.REUSE), run()
    instance = pool.acquire(served, by)
    with pytest.raises(DeadlineExceeded):
        instance.execute(compiled, calls("f"), handler=served, run=by)
    pool.release(instance, served, by)
    assert counts(pool) == (0, 0, 1)


def test_a_trap_replaces_the_instance(engine: Engine) -> None:
    pool, served = pool_of(engine), handler(build(engine, COUNTER))
    serve(pool, served, "f")
    with pytest.raises(GuestTrap, match="unreachable"):
        serve(pool, served, "f", "trap")
    assert counts(pool) == (0, 0, 1)
    assert serve(pool, served) == CLEAN
    assert counts(pool) == (0, 1, 2)


def test_a_start_without_instance_code_comes_from_the_snapshot(engine: Engine) -> None:
    plain = build(engine, COUNTER)
    snapshot = Snapshot(b"snapshot" + b"\1" * (2 * PAGE - 8), (7, -1.5))
    compiled = prepared(plain, "snapped", snapshot)
    pool, served = pool_of(engine), handler(compiled)
    assert serve(pool, served) == (b"snapshot", (7, -1.5))
    assert serve(pool, served, "f") == (b"tnapshot", (8, 9.0))
    assert serve(pool, served) == (b"snapshot", (7, -1.5))
    assert counts(pool) == (0, 1, 1)
    assert pool.total_memory() == 2 * PAGE


def test_snapshots_share_one_loaded_module(engine: Engine) -> None:
    plain = build(engine, COUNTER)
    loads: list[str] = []

    def load_counting(compiled: object) -> Probe:
        loads.append("loaded")
        return Probe()

    pool = pool_of(engine, load_counting)
    for number in range(3):
        snapshot = Snapshot(bytes([65 + number]) * PAGE, (number, 0.0))
        compiled = prepared(plain, f"s{number}", snapshot)
        assert serve(pool, handler(compiled)) == (bytes([65 + number]) * 8, (number, 0.0))
    assert loads == ["loaded"]


def test_a_late_cancel_does_not_hit_the_next_run(engine: Engine) -> None:
    pool, served = pool_of(engine), handler(build(engine, COUNTER))
    first = run()
    serve(pool, served, "f", by=first)
    first.cancel()
    assert serve(pool, served, "f") == USED
    second = run()
    instance = pool.acquire(served, second)
    second.cancel()
    with pytest.raises(DeadlineExceeded):
        instance.execute(served.compiled, calls("spin"), handler=served, run=second)
    pool.discard(instance)


def test_an_instance_runs_only_while_it_is_lent(engine: Engine) -> None:
    pool, served, by = pool_of(engine), handler(build(engine, COUNTER)), run()
    instance = pool.acquire(served, by)
    assert instance.state is State.EXECUTING
    pool.release(instance, served, by)
    assert instance.state is State.IDLE
    with pytest.raises(InvalidState, match=f"{instance.id} is idle; it must be executing"):
        instance.execute(served.compiled, calls("f"), handler=served, run=by)
    pool.shutdown()
    assert instance.state is State.TERMINATED
    with pytest.raises(InvalidState, match="is terminated; it must be executing"):
        instance.execute(served.compiled, calls("f"), handler=served, run=by)
    assert (instance.memory_used(), instance.memory_peak()) == (0, PAGE)


def test_an_instance_runs_only_what_it_is_one_of(engine: Engine) -> None:
    pool, served, by = pool_of(engine), handler(build(engine, COUNTER)), run()
    other = build(engine, START)
    instance = pool.acquire(served, by)
    with pytest.raises(InvalidState, match=f"one of {served.compiled.key}; .* one of {other.key}"):
        instance.execute(other, calls("f"), handler=served, run=by)


def test_nothing_is_suspended(engine: Engine) -> None:
    pool, served = pool_of(engine), handler(build(engine, COUNTER))
    instance = pool.acquire(served, run())
    assert instance.suspension_id() is None
    with pytest.raises(InvalidState, match="must be suspended"):
        instance.resume(None)


def test_instances_have_names_of_their_own(engine: Engine) -> None:
    pool, served = pool_of(engine), handler(build(engine, COUNTER))
    assert len({pool.acquire(served, run()).id for _ in range(4)}) == 4


def test_a_reset_that_fails_gives_its_place_back(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An engine that panics during a reset must not cost a place in the pool for ever."""
    pool, served, by = pool_of(engine, max_instances=1), handler(build(engine, COUNTER)), run()
    instance = pool.acquire(served, by)

    def panic(snapshot: object) -> None:
        raise RuntimeError("panicked")

    assert instance._engine_instance is not None
    monkeypatch.setattr(type(instance._engine_instance), "write_globals", lambda *_: panic(_))
    with pytest.raises(RuntimeError, match="panicked"):
        pool.release(instance, served, by)
    monkeypatch.undo()
    assert counts(pool) == (0, 0, 1)
    assert serve(pool, served) == CLEAN


def test_usage_is_there_also_when_a_run_failed(engine: Engine) -> None:
    pool, served = pool_of(engine), handler(build(engine, COUNTER))
    by = run()
    with pytest.raises(GuestTrap):
        serve(pool, served, "f", "trap", by=by)
    assert by.usage.memory_peak_bytes == PAGE
    assert 0 < by.usage.instructions < 100


def test_instructions_are_counted_whole(engine: Engine) -> None:
    """The same for a new and a warm instance: without the start function."""
    work = """(loop (global.set $n (i32.add (global.get $n) (i32.const 1)))
      (br_if 0 (i32.lt_u (global.get $n) (i32.const 10000))))"""
    compiled = build(
        engine,
        f"""(module (global $n (mut i32) (i32.const 0)) (func $s {work}) (start $s)
          (func (export "f") (global.set $n (i32.const 0)) {work}))""",
    )
    pool, served = pool_of(engine), handler(compiled)
    used = []
    for _ in range(3):
        by = run()
        serve(pool, served, "f", by=by)
        used.append(by.usage.instructions)
    assert used[0] == used[1] == used[2] > 10_000


def spin(pool: InstancePool, by: Execution, engine: Engine) -> None:
    serve(pool, handler(build(engine, COUNTER)), "spin", by=by)


def test_a_cpu_budget_ends_a_run_by_itself(engine: Engine) -> None:
    by = run(limits=replace(PLAIN, cpu_timeout_s=0.05))
    with pytest.raises(CpuLimit, match=r"used more than 0\.05 s of CPU"):
        spin(pool_of(engine), by, engine)
    assert by.timer.cpu_s() < 2


def test_the_deadline_is_named_where_both_budgets_end_together(engine: Engine) -> None:
    limits = replace(PLAIN, cpu_timeout_s=0.05, timeout_s=0.05)
    by = Execution("both", limits, time.monotonic() + 0.01)
    with pytest.raises(DeadlineExceeded, match=r"its deadline \(0\.05 s\)"):
        spin(pool_of(engine), by, engine)


def test_a_thread_that_ends_takes_its_modules_along(engine: Engine) -> None:
    served = handler(build(engine, COUNTER), isolation=Isolation.FRESH)
    pool = pool_of(engine)
    modules: list[weakref.ref[LinkedModule]] = []

    def work() -> None:
        assert serve(pool, served, "f") == USED
        modules.extend(weakref.ref(linked) for linked in pool._shelf().modules.values())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    gc.collect()
    assert [module() for module in modules] == [None]
