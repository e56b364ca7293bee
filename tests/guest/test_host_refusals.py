"""What the functions of the module `nexus` decline, and what hostile guests pass them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from nexus.guest.host import imports
from nexus.guest.host.status import (
    DENIED,
    FAILED,
    FAULT,
    INVALID,
    UNAVAILABLE,
)
from nexus.model import Command, Context, Limits

from .host_caller import CONTEXT, Caller, asked, run_with
from .support import PAGE_BYTES, Host, perform, request


@pytest.mark.parametrize(
    "call",
    [
        ("state_get", "a", 0, 0),
        ("state_has", "a"),
        ("state_set", "a", "1"),
        ("state_set", "a", "not JSON"),
        ("state_delete", "a"),
        ("emit", "a", "1"),
        ("view", "focus", "a", "null"),
        ("view", "explode", "a", "null"),
        ("ext_call", "a", "m", "null"),
    ],
)
def test_everything_is_denied_by_default(call: tuple[Any, ...]) -> None:
    run = run_with("http:authorization")
    assert asked(lambda caller: caller(*call), run) == DENIED
    assert (run.effects.count, run.called) == (0, [])


@pytest.mark.parametrize("key", ["", "a\nb", "\0", b"\xff", b"\xed\xa0\x80", "x" * 513])
def test_what_is_no_key(key: str | bytes) -> None:
    for call in (("state_has", key), ("state_set", key, "1"), ("emit", key, "1")):
        assert asked(lambda caller, call=call: caller(*call)) == INVALID


@pytest.mark.parametrize("value", ["", "{", "NaN", "1e999", b"\xff", "[" * 101 + "]" * 101, "1 1"])
def test_what_is_no_value(value: str | bytes) -> None:
    run = run_with()
    for name, key in (("state_set", "a"), ("emit", "e")):
        assert asked(lambda call, n=name, k=key: call(n, k, value), run) == INVALID
    assert asked(lambda call: call("view", "focus", "v", value), run) == INVALID
    assert asked(lambda call: call("ext_call", "x", "m", value), run) == INVALID
    assert (run.effects.count, run.called) == (0, [])


@pytest.mark.parametrize("task", [request(), Command((), {}, lambda n: b"", len, len)])
def test_without_a_context_there_is_no_state(task: Any) -> None:
    answers: list[int] = []

    def script(host: Host) -> None:
        call = Caller(host)
        answers.extend([
            call.read("state_get", "a"), call.read("state_keys"), call("state_set", "a", "1"),
            call("emit", "e", "1"), call("view", "focus", "v", "1"), call.read("args") or 0,
        ])  # fmt: skip
        host.print(b"Status: 204\n\n")

    perform(script, task, run=run_with())
    assert answers == [UNAVAILABLE] * 5 + [0]


HOSTILE = [0, 1, 3, -1, -8, 1 << 30, 2**31 - 1, -(2**31), PAGE_BYTES - 1, PAGE_BYTES - 8, 1024]

NO_POINTERS = ("http_cancel", "http_read", "http_wait", "http_result", "http_body")
"""functions without, or that look at none while no request has ended"""


@pytest.mark.parametrize("name", imports.SIGNATURES)
@pytest.mark.parametrize("memory_bytes", [0, PAGE_BYTES])
def test_hostile_arguments_give_a_number(name: str, memory_bytes: int) -> None:
    count = len(imports.SIGNATURES[name].params)
    rows = [
        tuple(HOSTILE[(n * (k + 3) + k) % len(HOSTILE)] for k in range(count)) for n in range(121)
    ]
    rows += [(value,) * count for value in HOSTILE]
    run = run_with(limits=Limits(max_host_calls=10**6, max_effect_bytes=1 << 32))
    numbers: list[int] = []

    def script(host: Host) -> None:
        for fill in (b"\xff", b"1"):
            host.memory[:] = fill * len(host.memory)
            numbers.extend(host.nexus(name, *arguments) for arguments in rows)
        if memory_bytes:
            host.print(b"1")

    task = Context(json.dumps(CONTEXT).encode()) if memory_bytes else Command(
        (), {}, lambda n: b"", lambda _: None, lambda _: None
    )  # fmt: skip
    perform(script, task, run=run, memory_bytes=memory_bytes)
    assert run.stopped is None
    assert {type(number) for number in numbers} == {int}
    assert min(numbers) >= FAILED
    if count and memory_bytes and name not in NO_POINTERS:
        assert FAULT in numbers


def test_what_is_written_may_lie_over_what_was_read() -> None:
    def question(call: Caller) -> Any:
        call.host.memory[8:9] = b"a"
        length = call.host.nexus("state_get", 8, 1, 4, 100)
        return json.loads(call.host.memory[4 : 4 + length])

    assert asked(question) == [1, "é"]


def test_a_result_at_the_end_of_memory() -> None:
    def question(call: Caller) -> list[int]:
        length = call("state_get", "a", 0, 0)
        return [
            call("state_get", "a", PAGE_BYTES - length, length) - length,
            call("state_get", "a", PAGE_BYTES - length, -1) - length,
            call("state_get", "a", PAGE_BYTES - length + 1, length),
            call("state_get", "a", -1, length),
        ]

    assert asked(question) == [0, 0, FAULT, FAULT]
