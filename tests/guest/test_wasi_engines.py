"""Real guests in real engines."""

from __future__ import annotations

from typing import Any

import pytest
import wasmtime

from nexus.errors import GuestTrap, ResourceLimit
from nexus.guest.wasi.guest import WasiGuest
from nexus.model import Command, Context, Handler, HttpResponse, Limits, Task
from nexus.run.perform import perform

from .support import ENGINES, LocalRun, WasmtimeInstance, handler, request

IMPORTS = """
(import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
(import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
(import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
(import "wasi_snapshot_preview1" "fd_seek" (func $fd_seek (param i32 i64 i32 i32) (result i32)))
"""
HELLO = r"""
(memory (export "memory") 1)
(data (i32.const 0) "\08\00\00\00\20\00\00\00Content-Type: text/plain\n\nhello\n")
(func (export "_start") (drop (call $fd_write
  (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 64))))
"""
ECHO = """
(memory (export "memory") 1)
(func (export "_start")
  (i32.store (i32.const 0) (i32.const 16)) (i32.store (i32.const 4) (i32.const 1000))
  (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
  (i32.store (i32.const 4) (i32.load (i32.const 8)))
  (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
"""
EXIT = """(memory (export "memory") 1)
(func (export "_start") (call $proc_exit (i32.const {code})) unreachable)
"""


@pytest.fixture(params=list(ENGINES))
def engine(request: pytest.FixtureRequest) -> Any:
    return ENGINES[request.param]


def run_wat(
    engine: Any,
    wat: str,
    task: Task[Any],
    run: LocalRun | None = None,
    handler_: Handler | None = None,
) -> Any:
    guest = WasiGuest()
    instance = engine(bytes(wasmtime.wat2wasm(f"(module {IMPORTS}{wat})")), guest.functions())
    run = run or LocalRun()
    if isinstance(instance, WasmtimeInstance):
        run.instance = instance
    return perform(guest, instance, task, handler_ or handler(), run)


ARGUMENTS = r"""
(import "wasi_snapshot_preview1" "args_sizes_get" (func $sizes (param i32 i32) (result i32)))
(import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
(memory (export "memory") 1)
(data (i32.const 64) "Content-Type: text/plain\n\n")
(func (export "_start")
  (drop (call $sizes (i32.const 32) (i32.const 36)))
  (drop (call $args (i32.const 1024) (i32.const 4096)))
  (i32.store (i32.const 0) (i32.const 64)) (i32.store (i32.const 4) (i32.const 26))
  (i32.store (i32.const 8) (i32.const 4096))
  (i32.store (i32.const 12) (i32.load (i32.const 36)))
  (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 2) (i32.const 16))))
"""


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({}, b"hello\0"),
        ({"args": ("-m", "é")}, "hello\0-m\0é\0".encode()),
        ({"args_from_query": True}, b"/hello/sh\0-c\0print(1)\0"),
    ],
)
def test_a_query_is_no_command_line_unless_the_manifest_says_so(
    engine: Any, fields: dict[str, Any], wanted: bytes
) -> None:
    task = request(PATH_INFO="/hello/sh", QUERY_STRING="-c&print(1)")
    response = run_wat(engine, ARGUMENTS, task, handler_=handler(**fields))
    assert response.body == wanted


def test_a_request_is_answered(engine: Any) -> None:
    response = run_wat(engine, HELLO, request())
    assert response == HttpResponse(200, [("Content-Type", "text/plain")], b"hello\n")


def test_a_context_goes_in_and_a_value_comes_out(engine: Any) -> None:
    assert run_wat(engine, ECHO, Context(b'{"a": [1, null]}')) == {"a": [1, None]}


def test_one_guest_serves_one_instance_after_another(engine: Any) -> None:
    guest = WasiGuest()
    wasm = bytes(wasmtime.wat2wasm(f"(module {IMPORTS}{ECHO})"))
    first, second = engine(wasm, guest.functions()), engine(wasm, guest.functions())
    for instance, value in ((first, 1), (second, 2), (first, 3)):
        assert perform(guest, instance, Context(b"%d" % value), handler(), LocalRun()) == value


def test_an_exit_code_is_a_commands_result(engine: Any) -> None:
    command = Command((), {}, lambda _: b"", lambda _: None, lambda _: None)
    assert run_wat(engine, EXIT.format(code=0), command) == 0
    assert run_wat(engine, EXIT.format(code=-1), command) == 0xFFFFFFFF


def test_exit_0_after_a_response_is_a_clean_end(engine: Any) -> None:
    wat = HELLO.replace("64))))", "64))) (call $proc_exit (i32.const 0)) unreachable)")
    assert run_wat(engine, wat, request()).body == b"hello\n"


def test_a_response_does_not_excuse_an_exit_code(engine: Any) -> None:
    wat = HELLO.replace("64))))", "64))) (call $proc_exit (i32.const 3)) unreachable)")
    with pytest.raises(GuestTrap, match="exited with code 3"):
        run_wat(engine, wat, request())


def test_a_trap_is_passed_on(engine: Any) -> None:
    wat = '(memory (export "memory") 1) (func (export "_start") unreachable)'
    with pytest.raises(GuestTrap):
        run_wat(engine, wat, request())


def test_memory_the_guest_grew_is_seen(engine: Any) -> None:
    wat = HELLO.replace(
        '(func (export "_start") ',
        """(func (export "_start")
        (drop (call $fd_write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 64)))
        (drop (memory.grow (i32.const 1)))
        (i64.store (i32.const 131064) (i64.load (i32.const 0))) """,
    ).replace(
        "(i32.const 1) (i32.const 0) (i32.const 1)",
        "(i32.const 1) (i32.const 131064) (i32.const 1)",
    )
    assert run_wat(engine, wat, request()).body == b"hello\n"


def test_i64_parameters_and_negative_pointers_arrive(engine: Any) -> None:
    wat = ECHO.replace(
        "(drop (call $fd_read",
        """(if (i32.ne (i32.const 70)
          (call $fd_seek (i32.const 0) (i64.const -1) (i32.const 1) (i32.const -8)))
          (then unreachable))
        (if (i32.ne (i32.const 21)
          (call $fd_write (i32.const 1) (i32.const -8) (i32.const 1) (i32.const 8)))
          (then unreachable))
        (drop (call $fd_read""",
    )
    assert run_wat(engine, wat, Context(b"7")) == 7


def test_a_module_without_memory_can_run_and_exit(engine: Any) -> None:
    wat = '(func (export "_start") (call $proc_exit (i32.const 5)) unreachable)'
    with pytest.raises(GuestTrap, match="code 5"):
        run_wat(engine, wat, request())


def test_a_guest_that_ignores_the_host_call_limit_is_ended() -> None:
    wat = """(memory (export "memory") 1) (func (export "_start") (loop
      (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0))) (br 0)))"""
    run = LocalRun(Limits(max_host_calls=10))
    with pytest.raises(ResourceLimit, match="more than 10 host calls"):
        run_wat(WasmtimeInstance, wat, request(), run)


def test_a_guest_that_goes_on_after_exit_is_ended() -> None:
    wat = """(memory (export "memory") 1)
      (func (export "_start") (call $proc_exit (i32.const 4)) (loop (br 0)))"""
    with pytest.raises(GuestTrap, match="exited with code 4"):
        run_wat(WasmtimeInstance, wat, request())
