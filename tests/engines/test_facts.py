"""What engines do that the code stands on (docs/facts.md): a new release must do it too."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import wasmtime._func

from nexus.model import FuncType
from nexus.plugin_api.engine import Engine, HostFunction
from nexus.wasm.format.names import CHECKPOINT
from tests import support

needs_wasmer = pytest.mark.skipif(
    not support.WASMER, reason="there is no wasmer for this Python (fact 1)"
)


@needs_wasmer
def test_a_wasmer_object_panics_on_another_thread() -> None:
    """Fact 3. `except Exception` does not catch it."""
    import wasmer

    store = wasmer.Store()
    instance = wasmer.Instance(wasmer.Module(store, '(module (func (export "f")))'))
    call = instance.exports.f
    raised: list[BaseException] = []

    def work() -> None:
        try:
            call()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert [type(error).__name__ for error in raised] == ["PanicException"]
    assert not isinstance(raised[0], Exception)
    call()


@contextmanager
def counting() -> Iterator[Callable[[], int]]:
    """Count on another thread; yields what reads the count without giving up the GIL."""
    ticks, stop = itertools.count(), threading.Event()
    begun = threading.Event()

    def work() -> None:
        while not stop.is_set():
            next(ticks)
            begun.set()

    thread = threading.Thread(target=work)
    thread.start()
    assert begun.wait(20)
    try:
        yield ticks.__next__  # C code: no bytecode runs, between which threads take turns
    finally:
        stop.set()
        thread.join()


LOOKS = """(module (import "host" "count" (func $count (result i64)))
  (memory 1) (global $first (mut i64) (i64.const 0))
  (func (export "f") (local $i i32) (local $looks i64) (local $counted i64)
    (global.set $first (call $count))
    (loop $rounds
      (local.set $i (i32.const 1000000))
      (loop $spin (br_if $spin (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
      (local.set $looks (i64.add (local.get $looks) (i64.const 1)))
      (local.set $counted (i64.sub (call $count) (global.get $first)))
      (br_if $rounds (i32.and (i64.eq (local.get $counted) (local.get $looks))
                              (i64.lt_u (local.get $looks) (i64.const MOST)))))
    (i64.store (i32.const 0) (i64.sub (local.get $counted) (local.get $looks)))))"""
"""looks at the count, and spins, until somebody else has counted too"""


def counted_beside(made: Engine, count: Callable[[], int], most_looks: int) -> int:
    """How far another thread counted while a guest spun."""
    compiled = support.build(made, LOOKS.replace("MOST", str(most_looks)))
    imports = support.functions(count=(FuncType((), ("i64",)), count))
    imports[CHECKPOINT] = HostFunction(FuncType(("i64",), ("i64",)), lambda left: -1)
    instance = made.load(compiled.artifact, compiled.info, imports).instantiate()
    instance.set_fuel(1 << 60)  # never a checkpoint: Python code would let others run
    instance.call("f")
    return int.from_bytes(bytes(instance.memory()[:8]), "little")


@pytest.mark.parametrize("pair", support.QUICK_ENGINES, ids=support.engine_ids)
def test_an_engine_says_whether_a_guest_keeps_the_gil(pair: tuple[str, str]) -> None:
    """Fact 4: with wasmer no other thread runs while a guest does, so none can stop it."""
    made = support.engine(*pair)
    with counting() as count:
        counted = counted_beside(made, count, 100 if made.holds_gil else 100_000)
    assert (counted == 0) is made.holds_gil


def test_wasmtime_keeps_a_host_functions_exception_where_all_threads_do() -> None:
    """Fact 9: so threads would get each other's, and nothing may raise through a guest."""
    assert hasattr(wasmtime._func, "LAST_EXCEPTION")


@needs_wasmer
def test_wasmers_wasi_has_neither_stdin_nor_stdout_to_give() -> None:
    """Fact 14."""
    import wasmer

    offered = [name for name in dir(wasmer.wasi.StateBuilder) if not name.startswith("_")]
    assert "argument" in offered
    assert not [name for name in offered if "std" in name]
