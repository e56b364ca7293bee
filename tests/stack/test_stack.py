"""No guest gets to the end of its thread's stack, however it recurs and whatever its frames take:
each ends with STACK_LIMIT, and the process lives."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from nexus.pool.linked import LinkedModule
from tests import support

from .guests import GUESTS, text

ROOT = Path(__file__).parents[2]
SIZES = {"256 KiB": 256 << 10, "512 KiB": 512 << 10, "default": 0}


@pytest.mark.parametrize("engine", support.ENGINES, ids=support.engine_ids)
def test_every_recursion_ends_with_stack_limit(engine: tuple[str, str]) -> None:
    sizes = [str(size) for size in SIZES.values()]
    child = subprocess.run(
        [sys.executable, "-m", "tests.stack.child", *engine, *sizes],
        capture_output=True,
        timeout=120,
        cwd=ROOT,
    )
    ended = {(size, name): how for size, name, how in map(json.loads, child.stdout.splitlines())}
    expected = {(size, name): "STACK_LIMIT" for size in sizes for name in GUESTS}
    assert ended == expected, child.stderr.decode()
    assert child.returncode == 0


def test_what_compilers_do_with_frames_is_seen() -> None:
    """Two locals, and a frame of kilobytes: no look at the function could have told."""
    compiled = support.build(
        support.engine(*support.ENGINES[-1]), text("with what a compiler keeps")
    )
    assert compiled.info.frame_bytes > 1000


@pytest.mark.parametrize("engine", support.ENGINES, ids=support.engine_ids)
def test_honest_recursion_has_room(engine: tuple[str, str]) -> None:
    fib = """(module (func $fib (param i32) (result i32)
      (if (i32.lt_s (local.get 0) (i32.const 2)) (then (return (local.get 0))))
      (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
        (call $fib (i32.sub (local.get 0) (i32.const 2)))))
      (func $down (param i32) (result i32)
        (if (i32.eqz (local.get 0)) (then (return (i32.const 0))))
        (i32.add (call $down (i32.sub (local.get 0) (i32.const 1))) (i32.const 1)))
      (memory 1)
      (func (export "f") (i32.store (i32.const 0) (i32.add (call $fib (i32.const 20))
        (call $down (i32.const 2000))))))"""
    compiled = support.build(support.engine(*engine), fib)
    linked = LinkedModule(support.engine(*engine), lambda _: support.Probe(), compiled)
    run = support.run()
    instance = linked.instantiate(run)
    for _ in range(3):  # what was taken was given back, by every way out
        linked.enter(run, instance)
        instance.call("f")
        linked.leave(run)
    assert int.from_bytes(instance.memory()[:4], "little") == 6765 + 2000
