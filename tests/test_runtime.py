"""`WasmRuntime` of a started service: a handler and a context in, an `ExecutionResult` out."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from nexus.config import Settings
from nexus.errors import CompilationError, HandlerNotFound, InvalidArgument, InvalidHandler
from nexus.handlers import texts
from nexus.runtime import WasmRuntime
from nexus.service import Service
from tests.support import shared_cache

_ECHO = """(module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (i32.store (i32.const 0) (i32.const 64))
    (i32.store (i32.const 4) (i32.const 4096))
    (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 4)))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))"""
_ASK = """(module
  (import "nexus" "ext_call" (func $call (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "nexus" "ext_result" (func $result (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1) (data (i32.const 64) "oracleask[7]")
  (func (export "_start")
    (drop (call $call (i32.const 64) (i32.const 6) (i32.const 70) (i32.const 3)
      (i32.const 73) (i32.const 3)))
    (i32.store (i32.const 0) (i32.const 128))
    (i32.store (i32.const 4) (call $result (i32.const 128) (i32.const 4096)))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))"""
_LOOP = """(module (memory (export "memory") 1)
  (func (export "_start") (loop $again (br $again))))"""


class Oracle:
    def call(self, method: str, arguments: Any) -> Any:
        return {"asked": method, "of": arguments, "by": threading.current_thread().name}


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WasmRuntime]:
    folder = tmp_path_factory.mktemp("handlers")
    (folder / "echo.wat").write_text(_ECHO)
    (folder / "loop.wat").write_text(_LOOP)
    for name in ("ask", "ask_in_vain"):
        (folder / f"{name}.wat").write_text(_ASK)
    (folder / "ask.toml").write_text('capabilities = ["ext:oracle"]')
    settings = Settings(
        handlers_dir=folder,
        cache_dir=shared_cache(),
        compiler="cranelift",
    )
    service = Service(settings, None, extensions={"oracle": Oracle()})
    service.start_with(folder)
    yield WasmRuntime.of(service, text_capabilities=["state:write:n"])
    service.stop(0.0)


@pytest.mark.parametrize("context", [{"args": [1, "é"]}, b'{"args": [1, "\xc3\xa9"]}'])
def test_a_result_has_all_that_the_runtime_api_lists(runtime: WasmRuntime, context: Any) -> None:
    found = runtime.execute_handler("echo", context).to_json()
    metrics = found.pop("metrics")
    assert found.pop("execution_id")
    assert found == {
        "status": "success",
        "return_value": {"args": [1, "é"]},
        "state_mutations": [],
        "events": [],
        "view_commands": [],
        "suspension": None,
        "suspensions": [],
        "unanswered": [],
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
    for name in ("absent", "absent.wat", "echo.x", "echo.wat.wat"):
        with pytest.raises(HandlerNotFound, match=f"no handler '{name}'"):
            runtime.execute_handler(name, {})


@pytest.mark.parametrize("name", ["echo", "echo.wat", "echo.js"])
def test_a_handler_goes_by_its_files_name_too(runtime: WasmRuntime, name: str) -> None:
    assert runtime.execute_handler(name, {"args": 1}).return_value == {"args": 1}


def test_source_text_is_compiled_once(runtime: WasmRuntime) -> None:
    source = "$state.n = $args; $args * 2"
    first, second = (runtime.execute_handler(source, {"args": n}) for n in (1, 2))
    assert (first.return_value, second.return_value) == (2, 4)
    assert second.state_mutations == [{"op": "set", "key": "n", "value": 2}]
    assert [found.metrics["cache_hit"] for found in (first, second) if found.metrics] == [
        *(False, True)
    ]


def test_source_text_may_do_what_the_runtime_was_told(runtime: WasmRuntime) -> None:
    found = runtime.execute_handler("$state.other = 1;", {})
    assert found.error == {
        "code": "PERMISSION_DENIED",
        "message": "the handler's manifest does not grant state:write:other",
    }
    with pytest.raises(ValueError, match="not a capability"):
        WasmRuntime(runtime._service, text_capabilities=["everything"])


def test_source_text_that_is_wrong(runtime: WasmRuntime) -> None:
    with pytest.raises(CompilationError, match=r"source.js:1:4: SyntaxError"):
        runtime.execute_handler("1 +", {})
    with pytest.raises(InvalidHandler, match="the source has 5000000 bytes"):
        runtime.execute_handler(" " * 5_000_000, {})


def test_few_texts_are_kept(runtime: WasmRuntime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "KEPT", 2)
    for number in (1, 2, 3, 1):
        found = runtime.execute_handler(f"{number} + 0", {})
        assert found.return_value == number
    assert found.metrics
    assert found.metrics["cache_hit"] is True  # it was on disk still
    assert len(runtime._service.handlers.texts.handlers()) == 2


@pytest.mark.parametrize("context", [{"args": object()}, {"args": float("nan")}])
def test_a_context_that_is_not_json(runtime: WasmRuntime, context: Any) -> None:
    with pytest.raises(InvalidArgument, match="the context is not JSON"):
        runtime.execute_handler("echo", context)


def test_an_extension_answers_a_guest_on_a_thread_of_its_own(runtime: WasmRuntime) -> None:
    until = time.thread_time() + 0.05
    while time.thread_time() < until:
        pass  # CPU time of this thread, not of the execution
    found = runtime.execute_handler("ask", {})
    assert found.return_value == {"asked": "ask", "of": [7], "by": "nexus-run"}
    assert found.metrics
    assert 0 <= found.metrics["cpu_us"] < found.metrics["duration_us"] + 5000


def test_an_extension_that_was_not_granted(runtime: WasmRuntime) -> None:
    found = runtime.execute_handler("ask_in_vain", {})
    assert found.error
    assert "wrote nothing to stdout" in found.error["message"]
