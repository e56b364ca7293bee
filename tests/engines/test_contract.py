"""The contract of `plugin_api.engine.Engine`, over every engine and compiler this Python has."""

from __future__ import annotations

import gc
import math
import threading
from collections.abc import Callable
from typing import Any

import pytest

from nexus.engines.traps import TRAPS
from nexus.errors import (
    CompilationError,
    DeadlineExceeded,
    GuestTrap,
    InvalidModule,
    MemoryLimit,
    StackLimit,
)
from nexus.model import Compiled, FuncType
from nexus.plugin_api.engine import Engine, EngineInstance, HostFunction
from nexus.wasm.format.names import ASK_DEPTH, CHECKPOINT
from tests import support

SLICE = 1_000_000


@pytest.fixture(params=support.ENGINES, ids=support.engine_ids)
def engine(request: pytest.FixtureRequest) -> Engine:
    return support.engine(*request.param)


def checkpoint(answer: Callable[[int], int] = lambda left: SLICE) -> dict[Any, HostFunction]:
    return {CHECKPOINT: HostFunction(FuncType(("i64",), ("i64",)), answer)}


def start(
    engine: Engine,
    wat: str,
    answer: Callable[[int], int] = lambda left: SLICE,
    pages: int = 64,
    **host: tuple[FuncType, Callable[..., Any]],
) -> EngineInstance:
    compiled = support.build(engine, wat, pages)
    imports = {**checkpoint(answer), **support.functions(**host)}
    instance = engine.load(compiled.artifact, compiled.info, imports).instantiate()
    instance.set_fuel(SLICE)
    return instance


def test_an_engine_says_what_its_artifacts_depend_on(engine: Engine) -> None:
    assert engine.name in engine.fingerprint
    assert engine.compiler in engine.fingerprint


def test_a_call_changes_memory(engine: Engine) -> None:
    instance = start(
        engine,
        """(module (memory (export "memory") 1)
          (func (export "f") (i32.store (i32.const 4)
            (i32.add (i32.load (i32.const 0)) (i32.const 1)))))""",
    )
    memory = instance.memory()
    memory[0:4] = (41).to_bytes(4, "little")
    instance.call("f")
    instance.call("f")
    assert bytes(memory[4:8]) == (42).to_bytes(4, "little")


def test_the_view_is_the_whole_memory_as_bytes(engine: Engine) -> None:
    instance = start(engine, '(module (memory (export "memory") 2))')
    view = instance.memory()
    assert (len(view), view.itemsize, view.format) == (2 * support.PAGE, 1, "B")
    assert not view.readonly
    assert not any(view)


def test_no_memory_is_an_empty_view(engine: Engine) -> None:
    without = start(engine, '(module (func (export "f")))')
    assert (len(without.memory()), without.memory_size()) == (0, 0)
    without.grow_memory(0)
    empty = start(engine, "(module (memory 0 0))")
    assert (len(empty.memory()), empty.memory_size()) == (0, 0)


def test_memory_that_the_guest_grew_is_seen(engine: Engine) -> None:
    instance = start(
        engine,
        """(module (memory 1) (func (export "f")
          (drop (memory.grow (i32.const 2))) (i32.store8 (i32.const 196607) (i32.const 7))))""",
    )
    instance.memory()[0] = 9
    instance.call("f")
    view = instance.memory()
    assert (len(view), view[0], view[3 * support.PAGE - 1]) == (3 * support.PAGE, 9, 7)
    assert instance.memory_size() == len(view)


def test_the_host_may_grow_the_memory_up_to_its_maximum(engine: Engine) -> None:
    instance = start(engine, "(module (memory 1 3))")
    instance.memory()[0] = 9
    instance.grow_memory(3 * support.PAGE)
    view = instance.memory()
    assert (len(view), view[0], view[-1]) == (3 * support.PAGE, 9, 0)
    instance.grow_memory(3 * support.PAGE)
    assert len(instance.memory()) == 3 * support.PAGE
    with pytest.raises(MemoryLimit, match="cannot grow to 262144 bytes"):
        instance.grow_memory(4 * support.PAGE)
    assert len(instance.memory()) == 3 * support.PAGE


def test_the_rewriters_maximum_binds_the_guest(engine: Engine) -> None:
    instance = start(
        engine,
        """(module (memory 1) (func (export "f")
          (if (i32.ne (memory.grow (i32.const 4)) (i32.const -1)) (then unreachable))))""",
        pages=4,
    )
    instance.call("f")


GLOBALS = """(module (memory 1)
  (global (mut i32) (i32.const -5)) (global (mut i64) (i64.const -6))
  (global (mut f32) (f32.const 1.5)) (global (mut f64) (f64.const -0.1))
  (global i32 (i32.const 1))
  (func (export "f")
    (global.set 0 (i32.sub (global.get 0) (i32.const 1)))
    (global.set 1 (i64.sub (global.get 1) (i64.const 1)))
    (global.set 2 (f32.mul (global.get 2) (f32.const 2)))
    (global.set 3 (f64.mul (global.get 3) (f64.const 2)))))"""


def test_mutable_globals_are_read_and_written(engine: Engine) -> None:
    instance = start(engine, GLOBALS)
    first = instance.read_globals()
    assert first == (-5, -6, 1.5, -0.1)
    instance.call("f")
    assert instance.read_globals() == (-6, -7, 3.0, -0.2)
    instance.write_globals(first)
    assert instance.read_globals() == first


@pytest.mark.parametrize(
    "values",
    [
        (-(2**31), -(2**63), math.inf, -math.inf),
        (2**31 - 1, 2**63 - 1, -0.0, 5e-324),
        (-1, -1, 2.0**-149, 1.7976931348623157e308),
    ],
)
def test_globals_hold_the_extremes(engine: Engine, values: tuple[Any, ...]) -> None:
    instance = start(engine, GLOBALS)
    instance.write_globals(values)
    assert [repr(value) for value in instance.read_globals()] == [repr(v) for v in values]


def test_globals_hold_nan(engine: Engine) -> None:
    instance = start(engine, GLOBALS)
    instance.write_globals((0, 0, math.nan, math.nan))
    assert [math.isnan(value) for value in instance.read_globals()] == [False, False, True, True]


def test_fuel_goes_down_and_the_checkpoint_hears_how_far(engine: Engine) -> None:
    heard: list[int] = []

    def answer(left: int) -> int:
        heard.append(left)
        return SLICE

    instance = start(
        engine,
        """(module (global $n (mut i32) (i32.const 0)) (func (export "f") (loop
          (global.set $n (i32.add (global.get $n) (i32.const 1)))
          (br_if 0 (i32.lt_u (global.get $n) (i32.const 1000))))))""",
        answer,
    )
    instance.set_fuel(100)
    assert instance.fuel() == 100
    instance.call("f")
    assert len(heard) == 1
    assert -50 < heard[0] < 0
    assert 0 < instance.fuel() < SLICE
    instance.set_fuel(-1)
    assert instance.fuel() == -1


def test_a_checkpoint_that_says_no_ends_the_guest(engine: Engine) -> None:
    instance = start(engine, '(module (func (export "f") (loop (br 0))))', lambda left: -1)
    with pytest.raises(GuestTrap, match=r"^unreachable$"):
        instance.call("f")


def test_an_instance_starts_without_fuel(engine: Engine) -> None:
    compiled = support.build(engine, '(module (func (export "f")))')
    instance = engine.load(compiled.artifact, compiled.info, checkpoint()).instantiate()
    assert instance.fuel() == 0


TRAPPING = {
    "unreachable": "unreachable",
    "integer divide by zero": "(drop (i32.div_u (i32.const 1) (call $zero)))",
    "integer overflow": "(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))",
    "invalid conversion to integer": "(drop (i32.trunc_f32_s (f32.const nan)))",
    "out of bounds memory access": "(drop (i32.load (i32.const 65533)))",
    "uninitialized element": "(call_indirect (type $v) (i32.const 2))",
    "indirect call type mismatch": "(call_indirect (type $v) (i32.const 1))",
    "out of bounds table access": "(call_indirect (type $v) (i32.const 9))",
    "call stack exhausted": "(call $deep)",
}
TRAP_MODULE = """(module (type $v (func)) (memory 1) (table 3 funcref)
  (elem (i32.const 0) $nothing $zero)
  (func $nothing) (func $zero (result i32) (i32.const 0))
  (func $deep (call $deep) (drop (i32.add (call $zero) (call $zero))))
  (func (export "f") {}))"""


@pytest.mark.parametrize("trap", TRAPPING)
def test_a_trap_has_one_name(engine: Engine, trap: str) -> None:
    instance = start(engine, TRAP_MODULE.format(TRAPPING[trap]))
    instance.set_depth(1_000_000)  # far more than fit
    expected = StackLimit if trap == "call stack exhausted" else GuestTrap
    with pytest.raises(expected) as caught:
        instance.call("f")
    assert str(caught.value) == trap


@pytest.mark.parametrize(
    ("trap", "code"),
    [
        (
            "out of bounds memory access",
            "(memory.fill (i32.const 65530) (i32.const 0) (i32.const 9))",
        ),
        ("out of bounds memory access", "(memory.copy (i32.const 0) (i32.const -1) (i32.const 1))"),
        ("out of bounds memory access", "(i64.store (i32.const -1) (i64.const 1))"),
        ("out of bounds table access", "(drop (table.get 0 (i32.const 3)))"),
        ("out of bounds table access", "(table.set 0 (i32.const 3) (ref.null func))"),
        ("out of bounds table access", "(table.copy (i32.const 2) (i32.const 0) (i32.const 2))"),
        ("integer overflow", "(drop (i64.trunc_f64_u (f64.const -1)))"),
        ("integer divide by zero", "(drop (i64.rem_s (i64.const 1) (i64.const 0)))"),
    ],
)
def test_other_ways_to_the_same_traps(engine: Engine, trap: str, code: str) -> None:
    with pytest.raises(GuestTrap) as caught:
        start(engine, TRAP_MODULE.format(code)).call("f")
    assert str(caught.value) == trap


def test_every_trap_has_a_test() -> None:
    assert set(TRAPPING) == TRAPS


def test_a_guest_that_uses_up_its_depth_asks_the_host(engine: Engine) -> None:
    asked: list[int] = []

    def answer(left: int) -> int:
        asked.append(left)
        return 0

    instance = start(engine, TRAP_MODULE.format("(call $deep)"), answer)
    for _ in range(2):
        instance.set_depth(100)
        with pytest.raises(GuestTrap, match=r"^unreachable$"):
            instance.call("f")
    assert asked == [ASK_DEPTH, ASK_DEPTH]


def test_a_data_segment_beyond_the_memory_traps_at_instantiation(engine: Engine) -> None:
    with pytest.raises(GuestTrap, match=r"^out of bounds memory access$"):
        start(engine, '(module (memory 1) (data (i32.const 65536) "x"))')


def test_a_start_function_runs_before_anything_else(engine: Engine) -> None:
    asked: list[int] = []

    def answer(left: int) -> int:
        asked.append(left)
        return SLICE

    instance = start(
        engine,
        """(module (memory 1) (func $s (i32.store8 (i32.const 0) (i32.const 7))) (start $s))""",
        answer,
    )
    assert instance.memory()[0] == 7
    assert len(asked) == 1


def test_a_start_function_that_traps(engine: Engine) -> None:
    with pytest.raises(GuestTrap, match=r"^unreachable$"):
        start(engine, "(module (func $s unreachable) (start $s))")


def test_a_start_function_that_loops_meets_the_checkpoint(engine: Engine) -> None:
    rounds: list[int] = []

    def answer(left: int) -> int:
        rounds.append(left)
        return 1000 if len(rounds) < 5 else -1

    with pytest.raises(GuestTrap, match=r"^unreachable$"):
        start(engine, "(module (func $s (loop (br 0))) (start $s))", answer)
    assert len(rounds) == 5


def test_numbers_cross_to_the_host_signed_and_back(engine: Engine) -> None:
    heard: list[Any] = []
    numbers = ("i32", "i64", "f32", "f64")

    def listen(*values: Any) -> None:
        heard.append(values)

    instance = start(
        engine,
        """(module
          (import "host" "hear" (func $hear (param i32 i64 f32 f64)))
          (import "host" "i32" (func $i32 (result i32)))
          (import "host" "i64" (func $i64 (result i64)))
          (import "host" "f32" (func $f32 (result f32)))
          (import "host" "f64" (func $f64 (result f64)))
          (func (export "tell") (call $hear
            (i32.const 0xffffffff) (i64.const 0x8000000000000000) (f32.const 0.5) (f64.const -0.1)))
          (func (export "echo") (call $hear (call $i32) (call $i64) (call $f32) (call $f64))))""",
        hear=(FuncType(numbers), listen),
        i32=(FuncType((), ("i32",)), lambda: -(2**31)),
        i64=(FuncType((), ("i64",)), lambda: -1),
        f32=(FuncType((), ("f32",)), lambda: -2.25),
        f64=(FuncType((), ("f64",)), lambda: 1e300),
    )
    instance.call("tell")
    instance.call("echo")
    assert heard == [(-1, -(2**63), 0.5, -0.1), (-(2**31), -1, -2.25, 1e300)]


def test_one_function_serves_several_imports_of_several_modules(engine: Engine) -> None:
    heard: list[int] = []
    compiled = support.build(
        engine,
        """(module (import "a" "f" (func $a (param i32))) (import "b" "f" (func $b (param i32)))
          (import "a" "f" (func $again (param i32)))
          (func (export "go") (call $a (i32.const 1)) (call $b (i32.const 2))
            (call $again (i32.const 3))))""",
    )
    type = FuncType(("i32",))
    imports = {
        **checkpoint(),
        ("a", "f"): HostFunction(type, heard.append),
        ("b", "f"): HostFunction(type, lambda value: heard.append(value * 10)),
        ("unused", "f"): HostFunction(type, heard.append),
    }
    instance = engine.load(compiled.artifact, compiled.info, imports).instantiate()
    instance.set_fuel(SLICE)
    instance.call("go")
    assert heard == [1, 20, 3]


def test_a_host_function_may_take_the_fuel_away(engine: Engine) -> None:
    """How a run is stopped from within: the next check asks, and hears no."""
    reason = DeadlineExceeded("enough")
    stopped: list[Exception] = []
    rounds: list[int] = []

    def stop() -> None:
        rounds.append(1)
        if len(rounds) == 3:
            stopped.append(reason)
            instance.set_fuel(-1)

    instance = start(
        engine,
        """(module (import "host" "stop" (func $stop))
          (func (export "f") (loop (call $stop) (br 0))))""",
        lambda left: -1 if stopped else SLICE,
        stop=(FuncType(), stop),
    )
    with pytest.raises(GuestTrap, match=r"^unreachable$"):
        instance.call("f")
    assert len(rounds) == 3


def test_instances_of_one_module_have_their_own_state(engine: Engine) -> None:
    compiled = support.build(engine, GLOBALS)
    module = engine.load(compiled.artifact, compiled.info, checkpoint())
    first, second = module.instantiate(), module.instantiate()
    first.set_fuel(SLICE)
    first.call("f")
    first.memory()[0] = 1
    assert (first.read_globals(), second.read_globals()) == (
        (-6, -7, 3.0, -0.2),
        (-5, -6, 1.5, -0.1),
    )
    assert (second.memory()[0], second.fuel()) == (0, 0)


def test_an_instance_outlives_its_module(engine: Engine) -> None:
    instance = start(engine, GLOBALS)
    gc.collect()
    instance.call("f")
    assert instance.read_globals()[0] == -6


def test_after_a_trap_the_host_can_still_look(engine: Engine) -> None:
    """The pool asks how much memory there was."""
    instance = start(engine, '(module (memory 2) (func (export "f") unreachable))')
    with pytest.raises(GuestTrap):
        instance.call("f")
    assert len(instance.memory()) == 2 * support.PAGE
    assert instance.fuel() < SLICE


def test_wat_errors_say_what_is_wrong(engine: Engine) -> None:
    with pytest.raises(InvalidModule, match=r"not valid WebAssembly text: .*unknown"):
        engine.wat_to_wasm("(module (func (unknown)))")


def test_wat_becomes_wasm(engine: Engine) -> None:
    assert engine.wat_to_wasm("(module)") == b"\0asm\1\0\0\0"


@pytest.mark.parametrize("wasm", [b"", b"\0asm", b"\0asm\1\0\0\0\1\5"])
def test_what_is_no_module_does_not_compile(engine: Engine, wasm: bytes) -> None:
    with pytest.raises(CompilationError, match=engine.name):
        engine.compile(wasm)


def test_a_module_with_a_type_error_does_not_compile(engine: Engine) -> None:
    wasm = bytes.fromhex("0061736d0100000001050160000 17f03020100 0a040102000b".replace(" ", ""))
    with pytest.raises(CompilationError, match=engine.name):
        engine.compile(wasm)


def _others(engine: Engine, compiled: Compiled) -> list[bytes]:
    others = [pair for pair in support.ENGINES if pair[0] != engine.name]
    built = [support.build(support.engine(*pair), GLOBALS).artifact for pair in others]
    return [b"", b"\0" * 64, b"\0asm\1\0\0\0", b"x" + compiled.artifact, *built]


def test_what_is_not_its_own_does_not_load(engine: Engine) -> None:
    compiled = support.build(engine, GLOBALS)
    for artifact in _others(engine, compiled):
        with pytest.raises(CompilationError, match="the artifact cannot be loaded"):
            engine.load(artifact, compiled.info, checkpoint())


def test_another_thread_may_drop_an_instance(engine: Engine) -> None:
    compiled = support.build(engine, GLOBALS)
    kept: list[Any] = []
    made, dropped = threading.Event(), threading.Event()
    counted: list[int] = []

    def owner() -> None:
        module = engine.load(compiled.artifact, compiled.info, checkpoint())
        kept.extend(module.instantiate() for _ in range(50))
        kept.append(module)
        del module
        made.set()
        dropped.wait(20)
        module = engine.load(compiled.artifact, compiled.info, checkpoint())
        instance = module.instantiate()
        instance.set_fuel(SLICE)
        instance.call("f")
        counted.append(instance.read_globals()[0])

    thread = threading.Thread(target=owner)
    thread.start()
    assert made.wait(20)
    kept.clear()
    gc.collect()
    dropped.set()
    thread.join()
    assert counted == [-6]


def test_many_threads_load_the_same_artifact_at_once(engine: Engine) -> None:
    """Each links its own host functions, and hears of its own guest only."""
    compiled = support.build(
        engine,
        """(module (import "host" "hear" (func $hear (param i32)))
          (global $n (mut i32) (i32.const 0))
          (func (export "f") (loop (global.set $n (i32.add (global.get $n) (i32.const 1)))
            (call $hear (global.get $n)) (br_if 0 (i32.lt_u (global.get $n) (i32.const 100))))))""",
    )
    threads = 8
    together = threading.Barrier(threads)
    failed: list[BaseException] = []

    def serve() -> None:
        try:
            together.wait(20)
            for _ in range(5):
                heard: list[int] = []
                hear = {"hear": (FuncType(("i32",)), heard.append)}
                imports = {**checkpoint(), **support.functions(**hear)}
                instance = engine.load(compiled.artifact, compiled.info, imports).instantiate()
                instance.set_fuel(SLICE)
                instance.call("f")
                assert heard == list(range(1, 101))
        except BaseException as error:  # also PanicException: it must fail the test, not a thread
            failed.append(error)

    running = [threading.Thread(target=serve) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    assert not failed
