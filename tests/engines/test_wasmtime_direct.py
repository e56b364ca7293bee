"""wasmtime's C API past wasmtime-py: what it stands on, and what happens where that differs."""

from __future__ import annotations

import gc
from collections.abc import Callable

import pytest
import wasmtime

from nexus.engines import wasmtime_trial as trial
from nexus.engines.wasmtime_direct import DirectInstance, DirectModule
from nexus.engines.wasmtime_host import _functions, define
from nexus.errors import GuestTrap, StackLimit
from nexus.plugin_api.engine import Engine
from tests import support
from tests.pool.guests import pool_of, serve
from tests.support import build, handler


def test_this_wasmtime_is_as_expected() -> None:
    """A new wasmtime that moves what the direct calls stand on fails here first."""
    assert trial._try() == ""


def test_one_that_is_not_goes_by_the_public_api(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(trial, "_try", lambda: "a trap is not reported as a trap")
    trial.works.cache_clear()
    try:
        engine = support.engine("wasmtime", "cranelift")
        pool = pool_of(engine)
        served = handler(build(engine, GUEST))
        assert serve(pool, served, "up", "up") == (b"\2\0\0\0\0\0\0\0", (2, -1))
        assert serve(pool, served) == (bytes(8), (0, -1))
        with pytest.raises(GuestTrap, match="unreachable"):
            serve(pool, served, "trap")
    finally:
        trial.works.cache_clear()
    assert "public API, which is slower, because a trap is not reported as a trap" in caplog.text


GUEST = """(module (memory (export "memory") 1)
  (global $n (mut i32) (i32.const 0)) (global $m (mut i64) (i64.const -1))
  (func (export "up")
    (global.set $n (i32.add (global.get $n) (i32.const 1)))
    (i32.store (i32.const 0) (global.get $n)))
  (func (export "trap") unreachable)
  (func $deep (export "deep") (call $deep)))"""


@pytest.fixture
def engine() -> Engine:
    return support.engine("wasmtime", "cranelift")


def test_a_function_goes_on_after_a_trap(engine: Engine) -> None:
    pool, served = pool_of(engine), handler(build(engine, GUEST))
    for _ in range(20):
        with pytest.raises(GuestTrap, match="unreachable"):
            serve(pool, served, "up", "trap")
        with pytest.raises(StackLimit):
            serve(pool, served, "deep")
        assert serve(pool, served, "up") == (b"\1\0\0\0\0\0\0\0", (1, -1))


def instance_of(linker: wasmtime.Linker, text: str) -> DirectInstance:
    module = wasmtime.Module(linker.engine, wasmtime.wat2wasm(text))
    return DirectInstance(DirectModule(linker, module))


def test_integers_come_back_signed() -> None:
    text = """(module
      (func (export "i32") (param i32) (result i32) (local.get 0))
      (func (export "i64") (param i64) (result i64) (local.get 0)))"""
    instance = instance_of(wasmtime.Linker(wasmtime.Engine()), text)
    for bits in (32, 64):
        same = instance.function(f"i{bits}")
        top = 1 << (bits - 1)
        for value in (0, 1, -1, top - 1, -top):
            assert same(value) == value
        assert same(top) == -top  # unsigned in, signed out
        assert same((1 << bits) - 1) == -1


def linked(call: Callable[..., object], type_: str) -> tuple[wasmtime.Linker, Callable[[], int]]:
    """Return a linker, and an exported function that passes a constant through *call* of it."""
    linker = wasmtime.Linker(wasmtime.Engine())
    number = getattr(wasmtime.ValType, type_)
    signature = wasmtime.FuncType([number()], [number()])
    define(linker, "h", "f", [type_], [type_], signature, call)
    text = """(module (import "h" "f" (func $f (param TYPE) (result TYPE)))
      (func (export "f") (result TYPE) (call $f (TYPE.const -1))))"""
    return linker, instance_of(linker, text.replace("TYPE", type_)).function("f")


@pytest.mark.parametrize(("type_", "bits"), [("i32", 32), ("i64", 64)])
def test_a_host_function_gets_and_returns_signed_integers(type_: str, bits: int) -> None:
    for returned in (0, -1, 1 << (bits - 1), -(1 << (bits - 1)), (1 << bits) - 1):
        got = []
        _, call = linked(
            lambda value, got=got, returned=returned: got.append(value) or returned, type_
        )
        signed = (returned + (1 << (bits - 1))) % (1 << bits) - (1 << (bits - 1))
        assert (call(), got) == (signed, [-1])


def test_a_host_function_that_raises_ends_its_own_call_only() -> None:
    def fail(value: int) -> int:
        raise KeyError("mine")

    linker, failing = linked(fail, "i32")
    _, working = linked(lambda value: value, "i32")
    for _ in range(3):
        with pytest.raises(wasmtime.WasmtimeError, match="a host function failed: KeyError"):
            failing()
        assert working() == -1
    linker.close()


def test_host_functions_go_with_all_that_can_call_them() -> None:
    gc.collect()
    before = len(_functions)
    linker, call = linked(lambda value: value, "i32")
    linker.close()
    assert call() == -1
    assert len(_functions) == before + 1
    del linker, call
    gc.collect()
    assert len(_functions) == before


def test_a_wrong_number_of_arguments_is_refused() -> None:
    instance = instance_of(
        wasmtime.Linker(wasmtime.Engine()), '(module (func (export "f") (param i32)))'
    )
    with pytest.raises(ValueError, match="argument"):
        instance.function("f")()


def test_what_is_not_exported_is_an_error() -> None:
    instance = instance_of(wasmtime.Linker(wasmtime.Engine()), '(module (memory (export "m") 1 2))')
    with pytest.raises(KeyError, match="'f'"):
        instance.function("f")
    memory = instance.memory("m")
    memory.grow(1)
    assert memory.size() == 2 << 16
    with pytest.raises(wasmtime.WasmtimeError, match="grow"):
        memory.grow(1)


def test_an_instance_goes_with_all_that_can_reach_it() -> None:
    """A store that outlived its instance would keep its memory: 4 GiB of addresses."""
    linker = wasmtime.Linker(wasmtime.Engine())
    gc.collect()  # instances of other tests must not go meanwhile
    before = _stores()
    made = [instance_of(linker, '(module (memory (export "m") 1))') for _ in range(20)]
    memories = [instance.memory("m") for instance in made]
    assert _stores() >= before + 20
    del made
    assert _stores() >= before + 20  # the memories keep them
    del memories
    assert _stores() <= before


def _stores() -> int:
    """Return how many ranges of more than 2 GiB of addresses are reserved, one for each memory."""
    with open("/proc/self/maps", encoding="ascii") as file:
        ranges = [line.split()[0].split("-") for line in file]
    return sum(int(end, 16) - int(start, 16) > 2 << 30 for start, end in ranges)
