"""wasmtime's C API past wasmtime-py: what it stands on, and what happens where that differs."""

from __future__ import annotations

import pytest
import wasmtime

from nexus.engines import wasmtime_direct as direct
from nexus.errors import GuestTrap, StackLimit
from nexus.plugin_api.engine import Engine
from tests import support
from tests.pool.guests import pool_of, serve
from tests.support import build, handler


def test_this_wasmtime_is_as_expected() -> None:
    """A new wasmtime that moves what the direct calls stand on fails here first."""
    assert direct._try() == ""


def test_one_that_is_not_goes_by_the_public_api(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(direct, "_try", lambda: "a trap is not reported as a trap")
    direct.works.cache_clear()
    try:
        engine = support.engine("wasmtime", "cranelift")
        pool = pool_of(engine)
        served = handler(build(engine, GUEST))
        assert serve(pool, served, "up", "up") == (b"\2\0\0\0\0\0\0\0", (2, -1))
        assert serve(pool, served) == (bytes(8), (0, -1))
        with pytest.raises(GuestTrap, match="unreachable"):
            serve(pool, served, "trap")
    finally:
        direct.works.cache_clear()
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


def test_integers_come_back_signed() -> None:
    store = wasmtime.Store(wasmtime.Engine())
    text = """(module
      (func (export "i32") (param i32) (result i32) (local.get 0))
      (func (export "i64") (param i64) (result i64) (local.get 0)))"""
    module = wasmtime.Module(store.engine, wasmtime.wat2wasm(text))
    exports = wasmtime.Instance(store, module, []).exports(store)
    for bits in (32, 64):
        found = exports[f"i{bits}"]
        assert isinstance(found, wasmtime.Func)
        same = direct.direct_function(store, found)
        top = 1 << (bits - 1)
        for value in (0, 1, -1, top - 1, -top):
            assert same(value) == value
        assert same(top) == -top  # unsigned in, signed out
        assert same((1 << bits) - 1) == -1


def test_a_wrong_number_of_arguments_is_refused() -> None:
    store = wasmtime.Store(wasmtime.Engine())
    text = '(module (func (export "f") (param i32)))'
    module = wasmtime.Module(store.engine, wasmtime.wat2wasm(text))
    found = wasmtime.Instance(store, module, []).exports(store)["f"]
    assert isinstance(found, wasmtime.Func)
    with pytest.raises(ValueError, match="argument"):
        direct.direct_function(store, found)()
