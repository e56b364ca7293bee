"""The functions of the import module `nexus`, called by guests written in Python."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from nexus.capabilities import SCOPES, Capabilities
from nexus.errors import InvalidArgument, ResourceLimit
from nexus.guest.host import imports
from nexus.guest.host.status import (
    DENIED,
    FAILED,
    FAULT,
    INVALID,
    NOT_FOUND,
    OK,
    STOPPED,
    UNAVAILABLE,
)
from nexus.model import Command, Context, ExtensionAnswer, Limits

from .support import PAGE_BYTES, Host, LocalRun, ask, perform, request

ALL = Capabilities(f"{scope}:*" for scope in SCOPES)
CONTEXT = {"state": {"a": [1, "é"], "b:c": None, "secret": 5}, "args": {"x": 1}, "scope": "s"}


class Caller:
    """Puts strings into a guest's memory, calls, and reads what came back."""

    def __init__(self, host: Host) -> None:
        self.host = host

    def __call__(self, name: str, *values: str | bytes | int) -> int:
        arguments, end = [], 1024
        for value in values:
            if isinstance(value, int):
                arguments.append(value)
                continue
            content = value.encode() if isinstance(value, str) else value
            self.host.memory[end : end + len(content)] = content
            arguments += [end, len(content)]
            end += len(content)
        return self.host.nexus(name, *arguments)

    def read(self, name: str, *values: str) -> Any:
        """The JSON value that a function gives, asked for its length first; or its status."""
        length = self(name, *values, 0, 0)
        if length < 0:
            return length
        assert self(name, *values, 32768, length) == length
        return json.loads(self.host.memory[32768 : 32768 + length])


def run_with(*tokens: str, limits: Limits | None = None) -> LocalRun:
    run = LocalRun(limits or Limits())
    run.capabilities = Capabilities(tokens) if tokens else ALL
    return run


def asked(question: Any, run: LocalRun | None = None, context: Any = CONTEXT) -> Any:
    """What *question* returns when asked inside an execution with *context*."""
    return ask(
        lambda host: question(Caller(host)),
        run=run or run_with(),
        task=Context(json.dumps(context).encode()),
    )


# ---- state -----------------------------------------------------------------------------------


def test_state_is_read_by_key() -> None:
    assert asked(lambda call: call.read("state_get", "a")) == [1, "é"]
    assert asked(lambda call: call.read("state_get", "b:c")) is None
    assert asked(lambda call: call.read("state_get", "absent")) == NOT_FOUND
    assert asked(lambda call: [call("state_has", k) for k in ("a", "b:c", "no")]) == [1, 1, 0]
    assert asked(lambda call: call.read("state_keys")) == ["a", "b:c", "secret"]


def test_reads_see_the_executions_own_writes() -> None:
    def question(call: Caller) -> list[Any]:
        return [
            call("state_set", "a", '{"n": 1.50}'),
            call("state_set", "new", "[]"),
            call("state_delete", "secret"),
            call("state_delete", "absent"),
            call.read("state_get", "a"),
            call.read("state_get", "secret"),
            call("state_has", "secret"),
            call.read("state_keys"),
            call("state_set", "secret", "7"),
            call.read("state_get", "secret"),
        ]

    run = run_with()
    assert asked(question, run) == [
        *(OK, OK, OK, OK),
        *({"n": 1.5}, NOT_FOUND, 0, ["a", "b:c", "new"], OK, 7),
    ]
    assert run.effects.state_mutations == [
        {"op": "set", "key": "a", "value": {"n": 1.5}},
        {"op": "set", "key": "new", "value": []},
        {"op": "delete", "key": "secret"},
        {"op": "delete", "key": "absent"},
        {"op": "set", "key": "secret", "value": 7},
    ]


def test_what_may_not_be_read_answers_the_same_whether_it_exists_or_not() -> None:
    run = run_with("state:read:a", "state:write:*")
    for key in ("secret", "absent"):
        assert asked(lambda call, k=key: call.read("state_get", k), run) == DENIED
        assert asked(lambda call, k=key: call("state_has", k), run) == DENIED
        assert asked(lambda call, k=key: call("state_delete", k), run) == OK
    assert asked(lambda call: call.read("state_keys"), run) == ["a"]
    written = asked(lambda call: [call("state_set", "x", "1"), call.read("state_keys")], run)
    assert written == [OK, ["a"]]


def test_state_is_of_one_execution() -> None:
    asked(lambda call: call("state_set", "new", "1"))
    assert asked(lambda call: call("state_has", "new")) == 0


def test_a_buffer_too_small_is_left_alone() -> None:
    def question(call: Caller) -> Any:
        length = call("state_get", "a", 0, 0)
        before = bytes(call.host.memory)
        found = call("state_get", "a", 32768, length - 1)
        return found == length, bytes(call.host.memory[2048:]) == before[2048:]

    assert asked(question) == (True, True)


# ---- events, views, args, scope, log, time -----------------------------------------------------


def test_events_and_view_commands_are_data() -> None:
    def question(call: Caller) -> list[int]:
        return [
            call("emit", "saved", '{"id": 1}'),
            call("view", "setFilter", "list", '{"q": "x"}'),
            call("view", "scrollTo", "list", "7"),
            call("view", "focus", "field:1", "null"),
            call("view", "custom", "list", '["blink"]'),
            call("view", "explode", "list", "null"),
        ]

    run = run_with("events:emit:saved", "view:update:list", "view:update:field:1")
    assert asked(question, run) == [OK, OK, OK, OK, OK, INVALID]
    assert run.effects.events == [{"name": "saved", "payload": {"id": 1}}]
    assert run.effects.view_commands == [
        {"command": "setFilter", "id": "list", "arguments": {"q": "x"}},
        {"command": "scrollTo", "id": "list", "arguments": 7},
        {"command": "focus", "id": "field:1", "arguments": None},
        {"command": "custom", "id": "list", "arguments": ["blink"]},
    ]


def test_args_and_scope_need_no_capability() -> None:
    run = run_with("ext:x")
    assert asked(lambda call: call.read("args"), run) == {"x": 1}
    assert asked(lambda call: call.read("scope"), run) == "s"
    assert asked(lambda call: call.read("args"), run, context=[1]) is None


def test_the_log_has_levels() -> None:
    run = run_with()
    levels = asked(lambda call: [call("log", n, f"at {n}\nmore") for n in (0, 1, 2, 3, 4, -1)], run)
    assert levels == [OK, OK, OK, OK, INVALID, INVALID]
    assert bytes(run.stderr) == (
        b"<7>at 0\n<7>more\nat 1\nmore\n<4>at 2\n<4>more\n<3>at 3\n<3>more\n"
    )


def test_the_log_is_capped() -> None:
    run = run_with(limits=Limits(max_stderr_bytes=40))
    assert asked(lambda call: [call("log", 3, "x\n" * 4000), call("log", 1, "more")], run) == [0, 0]
    assert len(run.stderr) == 40
    assert run.stderr.endswith(b"[stderr truncated]\n")


def test_time_is_in_whole_milliseconds() -> None:
    before = time.time_ns() // 1_000_000
    assert before <= asked(lambda call: call("time")) <= time.time_ns() // 1_000_000


# ---- extensions ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "status", "result"),
    [
        (ExtensionAnswer(True, b'{"ok":1}'), 8, {"ok": 1}),
        (ExtensionAnswer(False, b'"no such user"'), FAILED, "no such user"),
    ],
)
def test_an_extensions_answer_is_fetched(answer: Any, status: int, result: Any) -> None:
    run = run_with("ext:users")
    run.answer = answer

    def question(call: Caller) -> list[Any]:
        return [
            call("ext_call", "users", "find", '{"id": 1}'),
            call.read("ext_result"),
            call.read("ext_result"),
            call("ext_call", "mail", "send", "null"),
        ]

    assert asked(question, run) == [status, result, result, DENIED]
    assert run.called == [("users", "find", b'{"id": 1}')]


def test_an_extension_may_be_called_in_a_request() -> None:
    run = run_with("ext:users")
    run.answer = ExtensionAnswer(True, b"5")
    answers: list[int] = []

    def script(host: Host) -> None:
        answers.append(Caller(host)("ext_call", "users", "find", "null"))
        host.print(b"Status: 204\n\n")

    perform(script, request(), run=run)
    assert answers == [1]


def test_a_guest_whose_run_was_stopped_while_it_waited_gets_nothing_more() -> None:
    run = run_with("ext:users")
    run.answer = None

    def question(call: Caller) -> list[int]:
        called = call("ext_call", "users", "find", "null")
        run.stop(ResourceLimit("suspended for too long"))
        return [called, call("state_set", "a", "1"), call("time")]

    with pytest.raises(ResourceLimit, match="suspended for too long"):
        asked(question, run)
    assert run.effects.state_mutations == []


# ---- refusals --------------------------------------------------------------------------------


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
    if count and memory_bytes:
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


# ---- caps ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limits", "call", "words"),
    [
        (Limits(max_effects=3), ("state_set", "a", "1"), "more than 3 state mutations"),
        (Limits(max_effects=3), ("state_delete", "a"), "more than 3 state mutations"),
        (Limits(max_effects=3), ("emit", "a", "1"), "more than 3 state mutations"),
        (Limits(max_effects=3), ("view", "focus", "a", "1"), "more than 3 state mutations"),
        (Limits(max_effect_bytes=20), ("emit", "a", "[1,2,3,4]"), "more than 20 bytes of"),
        (Limits(max_effect_bytes=20), ("emit", "a", "[1,2,3,4,5,6,7,8,9,10]"), "a value of 22"),
        (Limits(max_effect_bytes=20), ("log", 1, "x" * 21), "a value of 21 bytes"),
        (
            Limits(max_effect_bytes=20),
            ("ext_call", "x", "m", '"' + "x" * 30 + '"'),
            "a value of 32",
        ),
        (Limits(max_host_calls=3), ("state_has", "a"), "more than 3 host calls"),
    ],
)
def test_too_much_ends_the_run(limits: Limits, call: tuple[Any, ...], words: str) -> None:
    run = run_with(limits=limits)
    answers: list[int] = []

    def question(caller: Caller) -> None:
        answers.extend(caller(*call) for _ in range(5))

    with pytest.raises(ResourceLimit, match=words):
        asked(question, run)
    assert answers[-1] == STOPPED
    assert run.effects.count <= 3


def test_an_extensions_answer_is_capped() -> None:
    run = run_with(limits=Limits(max_effect_bytes=20))
    run.answer = ExtensionAnswer(True, b'"' + b"x" * 30 + b'"')
    with pytest.raises(ResourceLimit, match="a value of 32 bytes"):
        asked(lambda call: call("ext_call", "x", "m", "null"), run)


def test_what_was_taken_counts_on() -> None:
    run = run_with(limits=Limits(max_effects=3))
    run.effects.count = 2
    taken: list[Any] = []

    def question(call: Caller) -> list[int]:
        first = call("emit", "a", "1")
        taken.append(run.effects.take().events)
        return [first, call("emit", "a", "2")]

    with pytest.raises(ResourceLimit):
        asked(question, run)
    assert taken == [[{"name": "a", "payload": 1}]]
    assert run.effects.events == []


# ---- the context on stdin ----------------------------------------------------------------------


def stdin_of(context: bytes, run: LocalRun) -> bytes:
    found = b""

    def script(host: Host) -> None:
        nonlocal found
        host.fd_read(0, host.put(0, 1024, 8192), 1, 8)
        found = bytes(host.memory[1024 : 1024 + host.u32(8)])
        host.print(b"1")

    perform(script, Context(context), run=run)
    return found


def test_stdin_has_the_state_that_may_be_read() -> None:
    context = b'{"state": {"a": 1.0, "secret": 2}, "args": [1,  2]}'
    assert json.loads(stdin_of(context, run_with("state:read:a"))) == {
        "state": {"a": 1.0},
        "args": [1, 2],
    }
    assert json.loads(stdin_of(context, run_with("ext:x"))) == {"state": {}, "args": [1, 2]}
    assert stdin_of(context, run_with("state:read:*")) == context
    assert stdin_of(b" [1,  2]", run_with("ext:x")) == b" [1,  2]"


@pytest.mark.parametrize(
    ("context", "words"),
    [
        (b"{", "the context is not JSON: Expecting"),
        (b"\xff", "not UTF-8"),
        (b'{"state": []}', "state must be an object"),
        (b"[" * 200 + b"]" * 200, "nested deeper"),
    ],
)
def test_a_context_that_is_none(context: bytes, words: str) -> None:
    with pytest.raises(InvalidArgument, match=words):
        stdin_of(context, run_with())
