"""Events, views, the log, the clock and extensions, and how much of them there may be."""

from __future__ import annotations

import time
from typing import Any

import pytest

from nexus.errors import ResourceLimit
from nexus.guest.host.status import (
    DENIED,
    FAILED,
    INVALID,
    OK,
    STOPPED,
)
from nexus.model import ExtensionAnswer, Limits

from .host_caller import Caller, asked, run_with
from .support import Host, perform, request


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
        b"<7>at 0\n<+>more\nat 1\n<+>more\n<4>at 2\n<+>more\n<3>at 3\n<+>more\n"
    )


def test_the_log_is_capped() -> None:
    run = run_with(limits=Limits(max_stderr_bytes=40))
    assert asked(lambda call: [call("log", 3, "x\n" * 4000), call("log", 1, "more")], run) == [0, 0]
    assert len(run.stderr) == 40
    assert run.stderr.endswith(b"[stderr truncated]\n")


def test_time_is_in_whole_milliseconds() -> None:
    before = time.time_ns() // 1_000_000
    assert before <= asked(lambda call: call("time")) <= time.time_ns() // 1_000_000


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
