"""`python -m bench.engine`: what an engine's small steps cost, and how much memory a module leaves.

For each engine of this Python, without pool, guest ABI or server: a call of an export, a call from
the guest to the host, a new instance (with a page of memory, and with 1 MiB of data), 1 MiB copied
back like in a reset, and the memory that remains after a module of 500 functions was loaded and
dropped.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from nexus.engines import create_engine
from nexus.errors import EngineUnavailable
from nexus.model import FuncType
from nexus.plugin_api.abi import snapshot_of
from nexus.plugin_api.engine import (
    Engine,
    EngineInstance,
    EngineModule,
    HostFunction,
    HostFunctions,
)
from nexus.pool.instance import restore
from nexus.wasm import RewriteLimits, rewrite
from nexus.wasm.format.names import CHECKPOINT

CALLS = 1000
"""How often one call of `many` calls the host."""
MIB = 1 << 20
PLAIN = f"""(module (import "host" "nothing" (func $nothing)) (memory 1)
  (func (export "nothing"))
  (func (export "many") (local $i i32) (local.set $i (i32.const {CALLS}))
    (loop (call $nothing)
      (br_if 0 (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))))"""
DATA = f"""(module (memory 17) (data (i32.const 0) "{"x" * MIB}") (func (export "nothing")))"""
STEP = "(local.set 0 (i32.mul (i32.add (local.get 0) (i32.const 7)) (i32.load (local.get 0))))"
CODE = f"""(module (memory 1) {f"(func (param i32) (result i32) {STEP * 20} (local.get 0))" * 500}
  (func (export "nothing")))"""
NONE = FuncType()
IMPORTS: HostFunctions = {
    CHECKPOINT: HostFunction(FuncType(("i64",), ("i64",)), lambda left: 1 << 40),
    ("host", "nothing"): HostFunction(NONE, lambda: None),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.engine", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        for name, compiler in (*(("wasmer", c) for c in ("llvm", "cranelift")), ("wasmtime", "")):
            try:
                engine = create_engine(name, compiler or "auto", Path(folder))
            except EngineUnavailable as error:
                print(f"{name} {compiler}: {error}")
                continue
            print(f"{engine.name} with {engine.compiler}")
            for what, found in measured(engine, rounds).items():
                print(f"  {what:34} {found}")


def measured(engine: Engine, rounds: int) -> dict[str, str]:
    """Return all figures; maps a title to its figure as text."""
    plain, data = Built(engine, PLAIN), Built(engine, DATA)
    instance, large = plain.instance(), data.instance()
    snapshot = snapshot_of(large)
    times = {
        "call of an export": per_call(lambda: instance.call("nothing"), rounds),
        "call of the host": per_call(lambda: instance.call("many"), rounds) / CALLS,
        "new instance, one page": per_call(plain.instance, rounds),
        "new instance, 1 MiB of data": per_call(data.instance, rounds),
        "1 MiB copied back": per_call(lambda: restore(large, snapshot), rounds),
    }
    found = {what: f"{took_s * 1e6:8.2f} us" for what, took_s in times.items()}
    code = Built(engine, CODE)
    left = {"left by a dropped module": left_by_each(code.load)}
    if engine.name == "wasmer":
        left["the same in a store that stays"] = left_by_each(code.loader_into_one_store())
    return {**found, **{what: f"{size / 1024:8.1f} KiB" for what, size in left.items()}}


class Built:
    """A module, compiled and loaded, to make instances of."""

    def __init__(self, engine: Engine, wat: str) -> None:
        self._engine = engine
        wasm, self._info = rewrite(engine.wat_to_wasm(wat), RewriteLimits(memory_pages=64))
        self._artifact = engine.compile(wasm)
        self._module = self.load()

    def load(self) -> EngineModule:
        return self._engine.load(self._artifact, self._info, IMPORTS)

    def loader_into_one_store(self) -> Callable[[], object]:
        """Return a function that loads the module into one shared wasmer store. Nexus's engine
        makes a store for each module."""
        import wasmer

        store = wasmer.Store(wasmer.engine.Universal())
        return lambda: wasmer.Module.deserialize(store, self._artifact)

    def instance(self) -> EngineInstance:
        made = self._module.instantiate()
        made.set_fuel(1 << 40)
        return made


def per_call(call: Callable[[], object], rounds: int) -> float:
    """Return the seconds that *call* takes: the median of some rounds of about 50 ms."""
    count = 1
    while (took_s := timed(call, count)) < 0.025:
        count *= 2
    count = max(1, round(count * 0.05 / took_s))
    return statistics.median(timed(call, count) / count for _ in range(rounds))


def timed(call: Callable[[], object], count: int) -> float:
    began = time.perf_counter()
    for _ in range(count):
        call()
    return time.perf_counter() - began


def left_by_each(load: Callable[[], object]) -> float:
    """Return the bytes of resident memory that a load leaves after its result is dropped: the
    average of many."""
    for _ in range(20):
        load()
    gc.collect()
    before = resident_bytes()
    for _ in range(100):
        load()
    gc.collect()
    return (resident_bytes() - before) / 100


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


if __name__ == "__main__":
    main()
