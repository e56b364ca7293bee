"""An instance made of parts of an earlier one has nothing of what that did (`Renews`)."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nexus.engines import wasmtime_trial
from nexus.engines.zeros import COPIED_BYTES
from nexus.errors import GuestTrap, MemoryLimit
from nexus.model import FuncType
from nexus.plugin_api.engine import Engine, EngineInstance, HostFunction, Renews
from nexus.wasm.format.names import CHECKPOINT
from tests import support

SLICE = 10_000_000
SMALL, LARGE = 2, 40
"""pages: zeros are written over the one, the other's pages are given back"""

GUEST = """(module
  (memory (export "memory") PAGES 64)
  (data (i32.const 16) "active") (data $last "passive")
  (table $t 4 60 funcref) (table $u 3 20 externref)
  (elem (i32.const 1) $one $two) (elem $spare func $two $one)
  (global $g (mut i32) (i32.const 5)) (global $h (mut i64) (i64.const -6))
  (global $r (mut funcref) (ref.null func))
  (func $one (result i32) (i32.const 1)) (func $two (result i32) (i32.const 2))
  (func (export "store") (param i32 i32) (i32.store8 (local.get 0) (local.get 1)))
  (func (export "copy") (param i32 i32) (memory.copy (local.get 0) (local.get 1) (i32.const 999)))
  FILL
  (func (export "grow") (param i32 i32)
    (drop (memory.grow (i32.and (local.get 0) (i32.const 3))))
    (i32.store8 (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 1)) (local.get 1)))
  (func (export "set") (param i32 i32)
    (global.set $g (local.get 0)) (global.set $h (i64.extend_i32_s (local.get 1)))
    (global.set $r (ref.func $two)))
  (func (export "table") (param i32 i32)
    (table.set $t (i32.and (local.get 0) (i32.const 3)) (ref.func $two))
    (drop (table.grow $t (ref.func $one) (i32.and (local.get 1) (i32.const 7))))
    (drop (table.grow $u (ref.null extern) (i32.and (local.get 1) (i32.const 7)))))
  (func (export "clear") (param i32 i32)
    (table.fill $t (i32.const 0) (ref.null func) (i32.const 4)))
  (func (export "init") (param i32 i32)
    (table.init $t $spare (i32.const 0) (i32.const 0) (i32.const 2)))
  (func (export "drop") (param i32 i32) (data.drop $last) (elem.drop $spare))
  (func (export "last") (result i32)
    (memory.init $last (i32.const 99) (i32.const 0) (i32.const 7)) (i32.load8_u (i32.const 99)))
  (func (export "spare") (result i32)
    (table.init $t $spare (i32.const 0) (i32.const 0) (i32.const 2))
    (call_indirect $t (result i32) (i32.const 0)))
  (func (export "sizes") (result i32)
    (i32.add (memory.size) (i32.add (i32.shl (table.size $t) (i32.const 8))
      (i32.shl (table.size $u) (i32.const 16)))))
  (func (export "nulls") (result i32)
    (i32.add (i32.add (ref.is_null (global.get $r)) (ref.is_null (table.get $t (i32.const 0))))
      (ref.is_null (table.get $t (i32.const 3)))))
  (func (export "at") (param i32) (result i32) (call_indirect $t (result i32) (local.get 0))))"""
FILL = """(func (export "fill") (param i32 i32)
    (memory.fill (local.get 0) (local.get 1) (i32.const 7000)))"""

ACTS = ["store", "copy", "fill", "grow", "set", "table", "clear", "init", "drop"]
ADDRESSES = st.one_of(st.integers(0, 64), st.integers(0, SMALL * support.PAGE - 7000))
HOSTILE = st.lists(st.tuples(st.sampled_from(ACTS), ADDRESSES, st.integers(1, 255)), max_size=8)


@pytest.fixture(params=support.ENGINES, ids=support.engine_ids)
def engine(request: pytest.FixtureRequest) -> Engine:
    return support.engine(*request.param)


def load(engine: Engine, text: str, calls: Callable[[int], int] = lambda left: SLICE) -> Renews:
    compiled = support.build(engine, text)
    imports = {CHECKPOINT: HostFunction(FuncType(("i64",), ("i64",)), calls)}
    module = engine.load(compiled.artifact, compiled.info, imports)
    assert isinstance(module, Renews)
    return module


def ready(instance: EngineInstance) -> EngineInstance:
    instance.set_fuel(SLICE)
    instance.set_depth(100)
    return instance


def seen(instance: EngineInstance) -> list[Any]:
    """Return all that a guest or the host can find out about *instance*; it changes that."""
    memory = bytes(instance.memory())
    found: list[Any] = [instance.fuel(), instance.read_globals(), len(memory), hash(memory)]
    ready(instance)
    found += [instance.invoke(name) for name in ("sizes", "nulls", "last", "spare")]
    found += [instance.invoke("at", index) for index in (0, 1)]
    return [*found, instance.invoke("at", 2)]


@pytest.mark.parametrize("pages", [SMALL, LARGE])
@pytest.mark.parametrize("fills", [True, False])
def test_nothing_of_a_hostile_guest_is_left(engine: Engine, pages: int, fills: bool) -> None:
    """Without `memory.fill` wasmer's memory is imported, and used again."""
    text = GUEST.replace("PAGES", str(pages)).replace("FILL", FILL if fills else "")
    module = load(engine, text)
    expected = seen(module.renew())
    assert expected[:4] == [0, (5, -6), pages * support.PAGE, expected[3]]
    assert expected[4:] == [pages + (4 << 8) + (3 << 16), 3, ord("p"), 2, 2, 1, 2]

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(HOSTILE)
    def check(acts: list[tuple[str, int, int]]) -> None:
        instance = ready(module.renew())
        for name, where, what in acts:
            if fills or name != "fill":
                with suppress(GuestTrap):  # a segment that was dropped before
                    instance.invoke(name, where, what)
        instance.memory()[-9:] = b"from host"
        module.retire(instance)
        assert seen(module.renew()) == expected

    check()


def test_a_memory_is_used_again(engine: Engine) -> None:
    """Otherwise the other tests here would show nothing; a new one has another address."""
    for pages in (SMALL, LARGE):
        module = load(engine, f'(module (memory (export "memory") {pages}))')
        first = module.renew()
        at = support.address_of(first.memory())
        module.retire(first)
        kept = module.renew()
        assert support.address_of(kept.memory()) == at
        assert support.address_of(module.renew().memory()) != at


def test_the_sizes_tried_are_on_both_sides() -> None:
    assert SMALL * support.PAGE < COPIED_BYTES < LARGE * support.PAGE


def test_two_instances_at_once_share_nothing(engine: Engine) -> None:
    module = load(engine, GUEST.replace("PAGES", "1").replace("FILL", ""))
    first, second = ready(module.renew()), ready(module.renew())
    first.invoke("store", 7, 7)
    assert second.memory()[7] == 0
    module.retire(first)
    third = module.renew()
    assert third.memory()[7] == 0
    second.invoke("store", 7, 8)
    assert third.memory()[7] == 0


def test_a_start_function_runs_each_time_on_a_clean_memory(engine: Engine) -> None:
    module = load(
        engine,
        """(module (memory (export "memory") 1) (func $start
          (i32.store8 (i32.const 0) (i32.add (i32.load8_u (i32.const 0)) (i32.const 1))))
          (start $start))""",
    )
    for _ in range(3):
        instance = module.renew()
        assert instance.memory()[0] == 1
        module.retire(instance)


def test_a_start_function_that_traps_does_so_each_time(engine: Engine) -> None:
    module = load(engine, "(module (memory 1) (func $start unreachable) (start $start))")
    for _ in range(3):
        with pytest.raises(GuestTrap):
            module.renew()


def test_the_maximum_holds_for_a_memory_used_again(engine: Engine) -> None:
    module = load(engine, '(module (memory (export "memory") 1 3))')
    module.retire(module.renew())
    instance = module.renew()
    instance.grow_memory(3 * support.PAGE)
    with pytest.raises(MemoryLimit):
        instance.grow_memory(4 * support.PAGE)


def test_more_instances_than_slots(engine: Engine) -> None:
    """wasmtime has 64 slots."""
    module = load(engine, GUEST.replace("PAGES", "1").replace("FILL", ""))
    instances = [ready(module.renew()) for _ in range(70)]
    for number, instance in enumerate(instances):
        instance.invoke("store", 7, number)
    assert [instance.memory()[7] for instance in instances] == list(range(70))
    for instance in instances:
        module.retire(instance)
    assert module.renew().memory()[7] == 0


def test_another_thread_may_drop_it(engine: Engine) -> None:
    kept: list[Any] = []

    def owner() -> None:
        module = load(engine, GUEST.replace("PAGES", "1").replace("FILL", ""))
        module.retire(module.renew())
        kept.extend((module.renew(), module.renew(), module))

    thread = threading.Thread(target=owner)
    thread.start()
    thread.join()
    assert len(kept) == 3
    kept.clear()
    gc.collect()


@pytest.mark.skipif("wasmtime" not in {name for name, _ in support.ENGINES}, reason="no wasmtime")
def test_without_the_direct_calls_each_instance_is_new(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wasmtime_trial, "_try", lambda: "it differs")
    wasmtime_trial.works.cache_clear()
    try:
        module = load(support.engine("wasmtime", "cranelift"), '(module (memory (export "m") 1))')
        instance = module.renew()
        instance.memory()[0] = 1
        module.retire(instance)
        assert module.renew().memory()[0] == 0
    finally:
        wasmtime_trial.works.cache_clear()
