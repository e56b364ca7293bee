"""Threads share wasmtime's modules; each links its own host functions."""

from __future__ import annotations

import gc
import threading
from concurrent.futures import ThreadPoolExecutor

from nexus.engines.wasmtime import WasmtimeEngine
from nexus.model import Compiled
from tests import support
from tests.pool.guests import COUNTER, pool_of, serve
from tests.support import build, handler


def test_one_module_serves_all_threads_and_goes_with_the_last() -> None:
    engine = support.engine("wasmtime", "cranelift")
    assert isinstance(engine, WasmtimeEngine)
    compiled = build(engine, COUNTER)
    answers = _serve_on_four_threads(engine, compiled)
    assert answers == [answers[0]] * 4
    gc.collect()
    assert id(compiled.artifact) not in engine._shared


def _serve_on_four_threads(engine: WasmtimeEngine, compiled: Compiled) -> list[object]:
    pool, served = pool_of(engine, max_instances=4), handler(compiled)
    together = threading.Barrier(4)

    def work(_: int) -> object:
        together.wait(20)
        answers = [serve(pool, served, "f") for _ in range(5)]
        pool.leave_thread()
        return answers

    with ThreadPoolExecutor(4) as threads:
        return list(threads.map(work, range(4)))
