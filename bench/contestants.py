"""Ways to run a kernel: each turns its WebAssembly into a function that takes the rounds."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import wasmtime

from nexus.engines import create_engine
from nexus.engines.wasmtime_library import enable_branch_hints
from nexus.wasm import RewriteLimits, rewrite
from nexus.wasm.format.names import CHECKPOINT_MODULE, CHECKPOINT_NAME, DEPTH_EXPORT

SLICE = 2_000_000
"""Units that a checkpoint grants at once: about 0.5 ms, at one unit per instruction."""
DEPTH = 4_000

Run = Callable[[int], int]


def metered(wasm: bytes, *, in_place: bool = False) -> bytes:
    return rewrite(wasm, RewriteLimits(memory_pages=1024), in_place=in_place)[0]


def checkpoint(left: int) -> int:
    """Grant the next slice: the least that a host must do."""
    return SLICE


def wasmer_llvm(wasm: bytes) -> Run:
    import wasmer

    engine: Any = create_engine("wasmer", "llvm", Path(tempfile.gettempdir(), "nexus-bench"))
    store = wasmer.Store(wasmer.engine.Universal())
    module = wasmer.Module.deserialize(store, engine.compile(wasm))
    imports = wasmer.ImportObject()
    signature = wasmer.FunctionType([wasmer.Type.I64], [wasmer.Type.I64])
    function = wasmer.Function(store, checkpoint, signature)
    imports.register(CHECKPOINT_MODULE, {CHECKPOINT_NAME: function})
    instance = wasmer.Instance(module, imports)
    if any(export.name == DEPTH_EXPORT for export in module.exports):
        getattr(instance.exports, DEPTH_EXPORT).value = DEPTH
    return lambda rounds: int(instance.exports.run(rounds)) & 0xFFFFFFFF


def wasmtime_plain(wasm: bytes) -> Run:
    return _wasmtime(wasm, wasmtime.Config(), lambda store: None)


def wasmtime_metered(wasm: bytes) -> Run:
    config = wasmtime.Config()
    enable_branch_hints(config)
    return _wasmtime(metered(wasm, in_place=True), config, lambda store: None)


def wasmtime_epochs(wasm: bytes) -> Run:
    config = wasmtime.Config()
    config.epoch_interruption = True
    return _wasmtime(wasm, config, lambda store: store.set_epoch_deadline(1 << 40))


def wasmtime_fuel(wasm: bytes) -> Run:
    config = wasmtime.Config()
    config.consume_fuel = True
    return _wasmtime(wasm, config, lambda store: store.set_fuel(1 << 62))


def _wasmtime(wasm: bytes, config: wasmtime.Config, allow: Callable[[wasmtime.Store], None]) -> Run:
    engine = wasmtime.Engine(config)
    store, linker = wasmtime.Store(engine), wasmtime.Linker(engine)
    allow(store)
    i64 = wasmtime.ValType.i64()
    linker.define_func(
        CHECKPOINT_MODULE, CHECKPOINT_NAME, wasmtime.FuncType([i64], [i64]), checkpoint
    )
    instance = linker.instantiate(store, wasmtime.Module(engine, wasm))
    exports = instance.exports(store)
    run: Any = exports["run"]
    depth: Any = exports.get(DEPTH_EXPORT)
    if depth is not None:
        depth.set_value(store, DEPTH)
    return lambda rounds: int(run(store, rounds)) & 0xFFFFFFFF


CONTESTANTS: dict[str, Callable[[bytes], Run]] = {
    "llvm": wasmer_llvm,
    "llvm metered": lambda wasm: wasmer_llvm(metered(wasm)),
    "wasmtime": wasmtime_plain,
    "wasmtime metered": wasmtime_metered,
    "wasmtime epochs": wasmtime_epochs,
    "wasmtime fuel": wasmtime_fuel,
}
