"""`WasmRuntime` of a started service: a handler and a context in, an `ExecutionResult` out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from nexus.config import Settings
from nexus.errors import HandlerNotFound, InvalidArgument
from nexus.runtime import WasmRuntime
from nexus.service import Service

_ECHO = """(module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (i32.store (i32.const 0) (i32.const 64))
    (i32.store (i32.const 4) (i32.const 4096))
    (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 4)))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))"""
_LOOP = """(module (memory (export "memory") 1)
  (func (export "_start") (loop $again (br $again))))"""


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WasmRuntime]:
    folder = tmp_path_factory.mktemp("handlers")
    (folder / "echo.wat").write_text(_ECHO)
    (folder / "loop.wat").write_text(_LOOP)
    service = Service(
        Settings(handlers_dir=folder, cache_dir=folder / "cache", compiler="cranelift"), None
    )
    service.start_with(folder)
    yield WasmRuntime(service)
    service.stop(0.0)


@pytest.mark.parametrize("context", [{"args": [1, "é"]}, b'{"args": [1, "\xc3\xa9"]}'])
def test_a_result_has_all_that_the_runtime_api_lists(runtime: WasmRuntime, context: Any) -> None:
    found = runtime.execute_handler("echo", context).to_json()
    metrics = found.pop("metrics")
    assert found == {
        "status": "success",
        "return_value": {"args": [1, "é"]},
        "state_mutations": [],
        "events": [],
        "view_commands": [],
        "suspension": None,
        "error": None,
    }
    assert metrics.pop("duration_us") > 0
    assert metrics.pop("instruction_count") > 0
    assert (metrics.pop("host_calls"), metrics.pop("memory_peak_bytes")) == (2, 65536)
    assert metrics.pop("cache_hit") is True
    assert metrics.keys() == {"cpu_us", "queue_us", "memory_used_bytes"}
    json.dumps(found)


def test_a_deadline_is_an_error_in_the_result(runtime: WasmRuntime) -> None:
    found = runtime.execute_handler("loop", {}, timeout_ms=50)
    assert (found.status, found.return_value) == ("error", None)
    assert found.error == {
        "code": "TIMEOUT",
        "message": "not finished within its deadline (0.05 s)",
    }


def test_a_handler_that_is_not_there(runtime: WasmRuntime) -> None:
    with pytest.raises(HandlerNotFound, match="no handler 'absent'"):
        runtime.execute_handler("absent", {})


@pytest.mark.parametrize("context", [{"args": object()}, {"args": float("nan")}])
def test_a_context_that_is_not_json(runtime: WasmRuntime, context: Any) -> None:
    with pytest.raises(InvalidArgument, match="the context is not JSON"):
        runtime.execute_handler("echo", context)
