"""The state and the context, as guests reach them through the module `nexus`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from nexus.errors import InvalidArgument
from nexus.guest.host.status import (
    DENIED,
    NOT_FOUND,
    OK,
)
from nexus.model import Context

from .host_caller import Caller, asked, run_with
from .support import Host, LocalRun, perform


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
