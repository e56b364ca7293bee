"""The functions of the import module `nexus` from real guests in real engines."""

from __future__ import annotations

from typing import Any

import pytest
import wasmtime

from nexus.errors import ResourceLimit
from nexus.guest.host.imports import SIGNATURES
from nexus.guest.wasi.guest import WasiGuest
from nexus.model import Context, ExtensionAnswer, Limits
from nexus.plugin_api.capabilities import Capabilities
from nexus.run.perform import perform

from .support import ENGINES, LocalRun, WasmtimeInstance, handler

IMPORTS = "".join(
    f'(import "nexus" "{name}" (func ${name} (param {" ".join(type.params)})'
    f" (result {type.results[0]})))"
    for name, type in SIGNATURES.items()
)
# Memory: 0 an iovec, 100 the strings below, 1024 what came back.
GUEST = """(module {imports}
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 100) "key[1,2]custom")
  (func $print (param $at i32) (param $size i32)
    (i32.store (i32.const 0) (local.get $at)) (i32.store (i32.const 4) (local.get $size))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
  (func $number (param $n i32) ;; one digit, with its sign
    (if (i32.lt_s (local.get $n) (i32.const 0)) (then
      (i32.store8 (i32.const 32) (i32.const 45)) (call $print (i32.const 32) (i32.const 1))
      (local.set $n (i32.sub (i32.const 0) (local.get $n)))))
    (i32.store8 (i32.const 32) (i32.add (i32.const 48) (local.get $n)))
    (call $print (i32.const 32) (i32.const 1)))
  (func (export "_start") {body}))"""

KEY, VALUE, COMMAND = (
    "(i32.const 100) (i32.const 3)",
    "(i32.const 103) (i32.const 5)",
    "(i32.const 108) (i32.const 6)",
)
BUFFER = "(i32.const 1024) (i32.const 4096)"


@pytest.fixture(params=list(ENGINES))
def engine(request: pytest.FixtureRequest) -> Any:
    return ENGINES[request.param]


def execute(engine: Any, body: str, run: LocalRun, context: bytes = b'{"args": 7}') -> Any:
    wasm = bytes(wasmtime.wat2wasm(GUEST.format(imports=IMPORTS, body=body)))
    guest = WasiGuest()
    instance = engine(wasm, guest.functions())
    if isinstance(instance, WasmtimeInstance):
        run.instance = instance
    return perform(guest, instance, Context(context), handler(), run)


def run_with(*tokens: str, limits: Limits | None = None) -> LocalRun:
    run = LocalRun(limits)
    run.capabilities = Capabilities(tokens)
    return run


def test_a_guest_reads_what_it_wrote(engine: Any) -> None:
    run = run_with("state:read:key", "state:write:key")
    body = f"""(drop (call $state_set {KEY} {VALUE}))
      (call $print (i32.const 1024) (call $state_get {KEY} {BUFFER}))"""
    assert execute(engine, body, run) == [1, 2]
    assert run.effects.state_mutations == [{"op": "set", "key": "key", "value": [1, 2]}]


@pytest.mark.parametrize(
    ("call", "status"),
    [
        (f"state_has {KEY}", 1),
        (f"state_delete {KEY}", 0),
        (f"state_get {VALUE} {BUFFER}", -2),
        ("state_has (i32.const -1) (i32.const 3)", -5),
        ("state_has (i32.const 100) (i32.const -1)", -5),
        ("state_has (i32.const 65530) (i32.const 7)", -5),
        ("state_has (i32.const 200) (i32.const 1)", -3),
        ("state_get (i32.const 100) (i32.const 3) (i32.const 65535) (i32.const 2147483647)", -5),
        (f"state_set {KEY} {KEY}", -3),
        (f"emit {KEY} {VALUE}", 0),
        (f"view {COMMAND} {KEY} {VALUE}", 0),
        (f"view {KEY} {KEY} {VALUE}", -3),
        (f"args {BUFFER}", 1),
        (f"scope {BUFFER}", 4),
        (f"ext_call {KEY} {COMMAND} {VALUE}", -7),
        (f"ext_result {BUFFER}", 0),
        (f"log (i32.const 1) {KEY}", 0),
    ],
)
def test_statuses(engine: Any, call: str, status: int) -> None:
    tokens = ("state:read:key", "state:write:key", "events:emit:*", "view:update:*", "ext:*")
    run = run_with(*tokens)
    run.answer = ExtensionAnswer(False, b'"no"')
    context = b'{"state": {"key": "x"}, "args": 7}'
    assert execute(engine, f"(call $number (call ${call}))", run, context) == status


def test_time_is_an_i64(engine: Any) -> None:
    body = "(call $number (i64.gt_s (call $time) (i64.const 1700000000000)))"
    assert execute(engine, body, run_with()) == 1


def test_a_flood_of_events_ends(engine: Any) -> None:
    # Where nothing meters the guest it has to end by itself: see tests/guest/support.py.
    body = f"""(local $n i32) (loop $more
      (br_if $more (i32.ge_s (call $emit {KEY} {VALUE}) (i32.const 0))))"""
    run = run_with("events:emit:key", limits=Limits(max_effects=10))
    with pytest.raises(ResourceLimit, match="more than 10 state mutations"):
        execute(engine, body, run)
    assert len(run.effects.events) == 10


def test_what_was_denied_leaves_no_trace(engine: Any) -> None:
    run = run_with()
    body = f"""(drop (call $state_set {KEY} {VALUE})) (drop (call $emit {KEY} {VALUE}))
      (drop (call $view {COMMAND} {KEY} {VALUE})) (drop (call $ext_call {KEY} {KEY} {VALUE}))
      (call $number (i32.const 0))"""
    assert execute(engine, body, run) == 0
    assert (run.effects.count, run.called) == (0, [])
