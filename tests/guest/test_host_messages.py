"""The host calls as messages, and the state below them, against what they must be."""

from __future__ import annotations

import json
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nexus.guest.host.context import ExecutionContext
from nexus.guest.host.messages import Messages
from nexus.guest.host.services import Services
from nexus.guest.host.state import State
from nexus.guest.host.status import FAILED, INVALID, NOT_FOUND, OK
from nexus.guest.json_text import to_json
from nexus.model import Limits
from nexus.plugin_api.capabilities import SCOPES, Capabilities

from .support import LocalRun

ROOM = 2048
WORDS = st.lists(
    st.sampled_from(
        ["state_get", "state_set", "state_keys", "emit", "view", "ext_call", "focus", "a", ""]
    )
    | st.none(),
    max_size=4,
)


def messages(state: dict[str, Any] | None = None) -> tuple[Messages, LocalRun]:
    run = LocalRun(Limits(max_effects=10**6, max_effect_bytes=1 << 30))
    run.capabilities = Capabilities(f"{scope}:*" for scope in SCOPES)
    services = Services(run, ExecutionContext(None, state or {}))
    return Messages(lambda: services), run


def ask(found: Messages, message: bytes, room: int = ROOM) -> tuple[int, bytes]:
    """Send a message and read the answer as `bootstrap.js` does."""
    found.write(memoryview(message))
    got = found.read(room)
    status, size = struct.unpack_from("<bI", got)
    if len(got) == 5 + size:
        return status, got[5:]
    assert len(got) == 5
    content = b""
    while len(content) < size:
        part = found.read(size - len(content))
        assert part
        content += part
    assert found.read(1) == b""
    return status, content


def test_calls_and_their_answers() -> None:
    found, run = messages({"a": "é"})
    assert ask(found, b'["state_get","a"]\n') == (OK, b'"\\u00e9"')
    assert ask(found, b'["state_set","a"]\n"\xc3\xa9"') == (OK, b"null")
    assert ask(found, b'["state_get","a"]\n') == (OK, b'"\xc3\xa9"')
    assert ask(found, b'["state_has","b"]\n') == (OK, b"false")
    assert ask(found, b'["state_get","b"]\n')[0] == NOT_FOUND
    assert ask(found, b'["state_get"]\n')[0] == INVALID
    assert ask(found, b'["state_get",1]\n')[0] == INVALID
    assert ask(found, b'["explode","a"]\n')[0] == INVALID
    assert ask(found, b'["view","focus","v"]\nnull') == (OK, b"null")
    assert run.effects.view_commands == [{"command": "focus", "id": "v", "arguments": None}]


@pytest.mark.parametrize("size", [ROOM - 8, ROOM - 7, ROOM - 6, 3 * ROOM])
def test_an_answer_comes_whole_at_any_length(size: int) -> None:
    text = "x" * size
    found, _ = messages({"a": text})
    assert ask(found, b'["state_get","a"]\n') == (OK, json.dumps(text).encode())
    assert ask(found, b'["state_has","a"]\n', room=5) == (OK, b"true")


def test_another_execution_does_not_read_the_last_answer() -> None:
    found, _ = messages({"a": "secret"})
    found.write(memoryview(b'["state_get","a"]\n'))
    found.forget()
    assert found.read(ROOM) == b""


@given(st.binary(max_size=60) | st.builds(lambda w, v: to_json(w) + b"\n" + v, WORDS, st.binary()))
@settings(max_examples=500, deadline=None)
def test_whatever_is_sent_is_answered(message: bytes) -> None:
    found, run = messages({"a": 1})
    status, content = ask(found, message)
    assert FAILED <= status <= OK
    json.loads(content)
    assert run.stopped is None


KEYS = st.sampled_from("abc")


@given(
    st.dictionaries(KEYS, st.integers()),
    st.lists(st.tuples(KEYS, st.none() | st.integers())),
)
@settings(max_examples=200, deadline=None)
def test_state_is_as_a_dictionary(given: dict[str, int], steps: list[tuple[str, Any]]) -> None:
    state, model = State(given), dict(given)
    for key, value in steps:
        if value is None:
            state.delete(key)
            model.pop(key, None)
        else:
            state.set(key, to_json(value))
            model[key] = value
        for name in "abc":
            text = state.get(name)
            assert (name in state) == (name in model) == (text is not None)
            assert text is None or json.loads(text) == model[name]
        assert sorted(state) == sorted(model)
