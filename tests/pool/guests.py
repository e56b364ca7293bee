"""Modules of the pool's tests, and what runs them."""

from __future__ import annotations

from typing import Any

from nexus.model import Handler
from nexus.plugin_api.engine import Engine
from nexus.pool import InstancePool
from nexus.run import Execution
from tests.support import Probe, calls, run

COUNTER = """(module (memory 1 4)
  (global $n (mut i32) (i32.const 0)) (global $f (mut f64) (f64.const 0.5))
  (data (i32.const 0) "ABCDEFGH")
  (func (export "f")
    (global.set $n (i32.add (global.get $n) (i32.const 1)))
    (global.set $f (f64.const 9))
    (i32.store8 (i32.const 0) (i32.add (i32.load8_u (i32.const 0)) (i32.const 1)))
    (i32.store8 (i32.const 65535) (i32.const 1)))
  (func (export "grow") (drop (memory.grow (i32.const 1))))
  (func (export "trap") unreachable)
  (func (export "spin") (loop (br 0))))"""
CLEAN = (b"ABCDEFGH", (0, 0.5))
USED = (b"BBCDEFGH", (1, 9.0))

TABLE = """(module (memory 1) (table 2 funcref) (elem declare func $g)
  (func $g) (func (export "f") (table.set 0 (i32.const 0) (ref.func $g))))"""

START = """(module (memory 1) (global $n (mut i32) (i32.const 1))
  (func $s (i32.store8 (i32.const 0) (i32.const 83)) (global.set $n (i32.const 2)))
  (start $s)
  (func (export "f") (i32.store8 (i32.const 0) (i32.const 70)) (global.set $n (i32.const 3))))"""

START_SPINS = """(module (memory 1) (func $s (loop (br 0))) (start $s)
  (func (export "f")))"""

START_WAITS_AND_TRAPS = """(module (import "host" "wait" (func $wait)) (memory 1)
  (func $s (call $wait) unreachable) (start $s))"""

WAITS = """(module (import "host" "wait" (func $wait)) (memory 1)
  (func (export "f") (call $wait)))"""


def pool_of(engine: Engine, make_guest: Any = None, **options: Any) -> InstancePool:
    make = make_guest or (lambda compiled: Probe())
    return InstancePool(engine, make, **{"max_instances": 4, **options})


def serve(pool: InstancePool, handler: Handler, *exports: str, by: Execution | None = None) -> Any:
    """What `nexus.run.dispatch` does with a pool: lend, execute, give back."""
    by = by or run()
    instance = pool.acquire(handler, by)
    try:
        result = instance.execute(handler.compiled, calls(*exports), handler=handler, run=by)
    except BaseException:
        pool.discard(instance)
        raise
    pool.release(instance, handler, by)
    return result


def counts(pool: InstancePool) -> tuple[int, int, int]:
    return pool.active_count(), pool.available_count(), pool.instances_created()
