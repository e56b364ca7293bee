"""What Python asks of the host: state, events, views, extensions and the log."""

from __future__ import annotations

import json

import pytest

from nexus.errors import GuestError, GuestTrap, PermissionDenied
from nexus.http.errors import problem

from .support import Pythons

ALL = ("state:read:*", "state:write:*", "events:emit:*", "view:update:*", "ext:oracle")


def test_state_is_a_mapping(python: Pythons) -> None:
    source = """
import nexus
def run(context):
    state = nexus.state
    state["total"] = state["total"] + context["args"]
    state["made"] = {"a": [1]}
    del state["old"]
    state.pop("older")
    return [dict(state), "old" in state, state.get("gone", 7), len(state), sorted(state)]
"""
    handler = python.handler(source, capabilities=ALL)
    given = {"state": {"total": 1, "old": 2, "older": 3}, "args": 4}
    seen = {"total": 5, "made": {"a": [1]}}
    expected = [seen, False, 7, 2, ["made", "total"]]
    assert python.evaluate(handler, json.dumps(given)) == expected
    assert python.last.effects.state_mutations == [
        {"op": "set", "key": "total", "value": 5},
        {"op": "set", "key": "made", "value": {"a": [1]}},
        {"op": "delete", "key": "old"},
        {"op": "delete", "key": "older"},
    ]


def test_events_and_view_commands(python: Pythons) -> None:
    source = """
from nexus import emit, view
def run(context):
    emit("checkout", {"total": 12})
    emit("bare")
    view.set_filter("list", {"q": "tea"})
    view.scrollTo("list")
    view.custom("list", 1)
"""
    python.evaluate(python.handler(source, capabilities=ALL), "{}")
    effects = python.last.effects
    assert effects.events == [
        {"name": "checkout", "payload": {"total": 12}},
        {"name": "bare", "payload": None},
    ]
    assert effects.view_commands == [
        {"command": "setFilter", "id": "list", "arguments": {"q": "tea"}},
        {"command": "scrollTo", "id": "list", "arguments": None},
        {"command": "custom", "id": "list", "arguments": 1},
    ]


@pytest.mark.parametrize(
    ("call", "scope"),
    [
        ("nexus.state['k']", "state:read:k"),
        ("'k' in nexus.state", "state:read:k"),
        ("nexus.state.update(k=1)", "state:write:k"),
        ("nexus.emit('k')", "events:emit:k"),
        ("nexus.view.focus('k')", "view:update:k"),
        ("nexus.ext.k.ask()", "ext:k"),
    ],
)
def test_nothing_is_granted_by_itself(python: Pythons, call: str, scope: str) -> None:
    handler = python.handler(f"import nexus\ndef run(context): return {call}")
    message = f"the handler's manifest does not grant {scope}"
    with pytest.raises(PermissionDenied, match=message):
        python.evaluate(handler, '{"state": {"k": 1}}')
    caught = python.handler(
        f"import nexus\ndef run(context):\n    try: {call}\n"
        "    except nexus.PermissionDenied as error: return str(error)"
    )
    assert python.evaluate(caught, "{}") == message


def test_a_denial_of_the_handlers_own_making_is_an_error_like_others(python: Pythons) -> None:
    source = "import nexus\ndef run(context): raise nexus.PermissionDenied('no')"
    with pytest.raises(GuestTrap, match=r"nexus\.PermissionDenied: no"):
        python.evaluate(python.handler(source), "{}")


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ("nexus.state['gone']", "KeyError: 'gone'"),
        ("nexus.state[1]", "TypeError: a name is a str, not int: 1"),
        ("nexus.state.update(k=object())", "TypeError: Object of type object is not JSON"),
        ("nexus.emit('x', float('nan'))", "ValueError: Out of range float values"),
        ("nexus.emit('')", "ValueError: ''"),
        ("nexus.view.shout('k')", "ValueError: 'shout' is no view command"),
        ("nexus.ext.oracle.ask()", "nexus.ExtensionError: no extension 'oracle' answers here"),
    ],
)
def test_wrong_calls_raise_what_python_raises(python: Pythons, call: str, error: str) -> None:
    handler = python.handler(f"import nexus\ndef run(context): return {call}", capabilities=ALL)
    with pytest.raises(GuestTrap) as caught:
        python.evaluate(handler, "{}")
    assert str(caught.value).startswith(error)


@pytest.mark.parametrize(
    ("raises", "code"),
    [
        ("ValueError('a ' + 'secret')", "EXECUTION_ERROR"),
        ("ExceptionGroup('a ' + 'secret', [ValueError(1)])", "EXECUTION_ERROR"),
        ("SystemExit('a ' + 'secret')", "EXECUTION_ERROR"),
        ("MemoryError('a ' + 'secret')", "MEMORY_LIMIT"),
        ("RecursionError('a ' + 'secret')", "STACK_LIMIT"),
    ],
)
def test_what_a_handler_raises_is_for_its_log(python: Pythons, raises: str, code: str) -> None:
    handler = python.handler(f"def fetch(request): raise {raises}")
    with pytest.raises(GuestError) as caught:
        python.fetch(handler)
    shown = problem(caught.value, "h", None)
    assert (shown.status, b"secret" in shown.body) == (500, False)
    assert json.loads(shown.body)["code"] == code
    assert "a secret" in python.log()


def test_a_request_has_no_state(python: Pythons) -> None:
    source = """
import nexus
def fetch(request):
    try: nexus.state["a"]
    except nexus.NotAvailable as error: return str(error)
"""
    answer = python.fetch(python.handler(source, capabilities=ALL))
    assert answer.body.startswith(b"only an execution with a JSON context has state")


def test_the_log_has_levels(python: Pythons) -> None:
    source = """
import logging, sys
from nexus import log
def fetch(request):
    log("plain", 1)
    log.debug("fine"); log.info("so"); log.warning("hm"); log.error("bad\\nindeed")
    logging.getLogger("mine").error("logged")
    logging.warning("warned")
    return ""
"""
    python.fetch(python.handler(source))
    lines = ["plain 1", "<7>fine", "so", "<4>hm", "<3>bad", "<+>indeed", "<3>logged"]
    assert python.log().splitlines() == [*lines, "<4>WARNING:root:warned"]


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("1 + 2", 3),
        ("x = context['args']\nx * 2", 42),
        ("import json\njson.dumps([1])", "[1]"),
        ("x = 5", None),
        ("", None),
        ("import asyncio\nawait asyncio.sleep(0)\n[n async for n in numbers()]", None),
        ("from nexus import state\nstate['a'] = 7\nstate['a']", 7),
        ("def run(context): return context['args']", 21),
        ("async def run(context): return context['args']", 21),
    ],
)
def test_source_text_is_a_script_or_a_module(python: Pythons, source: str, value: object) -> None:
    """A script's last expression is its value."""
    if "numbers" in source:
        source = "async def numbers():\n    yield 1\n" + source
        value = [1]
    handler = python.text(source, capabilities=ALL)
    assert python.evaluate(handler, '{"args": 21, "state": {}}') == value
    assert python.evaluate(handler, '{"args": 21, "state": {}}') == value


def test_an_error_in_a_script_has_its_line(python: Pythons) -> None:
    with pytest.raises(GuestTrap, match="ZeroDivisionError"):
        python.evaluate(python.text("x = 1\nx // 0\n"), "{}")
    assert '<+>  File "source.py", line 2, in <module>\n<+>    x // 0' in python.log()
