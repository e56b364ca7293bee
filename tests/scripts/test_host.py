"""$state, $args, $scope, $emit, $view, $ext, $log and $time, under the manifest's capabilities."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any

import pytest

from nexus.errors import (
    CompilationError,
    GuestTrap,
    InvalidArgument,
    PermissionDenied,
    ResourceLimit,
)
from nexus.model import ExtensionAnswer
from nexus.plugin_api.capabilities import SCOPES
from nexus.run import Execution

from .support import LIMITS, Scripts

ALL = tuple(f"{scope}:*" for scope in SCOPES)
CONTEXT = {"state": {"a": [1, "é\u2028"], "b:c": None, "secret": 5}, "args": {"x": 1}, "scope": "s"}


def evaluate(scripts: Scripts, body: str, *tokens: str, context: Any = CONTEXT) -> Any:
    """What a handler with this *body* makes of *context*."""
    source = f"export default async ({{ state, args, scope }}) => {{ {body} }}"
    handler = scripts.handler(source, capabilities=tokens or ALL)
    return scripts.evaluate(handler, json.dumps(context))


CAUGHT = """const caught = async (call) => {
  try { return await call(); } catch (error) { return `${error.name}: ${error.message}`; }
};"""


# ---- $state ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("$state.a", [1, "é\u2028"]),
        ("state.a", [1, "é\u2028"]),
        ("$state.get('b:c')", None),
        ("typeof $state.absent", "undefined"),
        ("typeof $state.get('absent')", "undefined"),
        ("$state.has('a') && 'a' in $state && !('absent' in $state)", True),
        ("$state.keys()", ["a", "b:c", "secret"]),
        ("Object.keys($state)", ["a", "b:c", "secret"]),
        ("[...Object.values({ ...$state })]", [[1, "é\u2028"], None, 5]),
        ("JSON.parse(JSON.stringify($state)).secret", 5),
        ("await $state", CONTEXT["state"]),
        ("$state", CONTEXT["state"]),
        ("Object.prototype.toString.call($state)", "[object State]"),
        ("[typeof $state.then, typeof $state[Symbol.iterator]]", ["undefined"] * 2),
        ("($state.a.push(2), $state.a.length)", 2),
        ("args.x + $args.x", 2),
        ("scope + $scope", "ss"),
    ],
)
def test_reading(scripts: Scripts, expression: str, value: Any) -> None:
    assert evaluate(scripts, f"return {expression};") == value
    assert scripts.last.effects.count == 0


def test_reads_see_the_executions_own_writes(scripts: Scripts) -> None:
    found = evaluate(
        scripts,
        """$state.n = 1; $state.n += 1; $state.set("get", { deep: ["ü"] });
        delete $state.secret; $state.delete("b:c"); const had = "secret" in $state;
        $state.secret = null;
        return [$state.n, $state.get("get"), had, $state.secret, $state.keys()];""",
    )
    assert found == [2, {"deep": ["ü"]}, False, None, ["a", "secret", "n", "get"]]
    assert scripts.last.effects.state_mutations == [
        {"op": "set", "key": "n", "value": 1},
        {"op": "set", "key": "n", "value": 2},
        {"op": "set", "key": "get", "value": {"deep": ["ü"]}},
        {"op": "delete", "key": "secret"},
        {"op": "delete", "key": "b:c"},
        {"op": "set", "key": "secret", "value": None},
    ]


def test_state_is_of_one_execution(scripts: Scripts) -> None:
    handler = scripts.handler(
        "export default () => { const had = $state.mine; $state.mine = 1; return had ?? 'none'; }",
        capabilities=ALL,
    )
    assert [scripts.evaluate(handler, "{}") for _ in range(3)] == ["none"] * 3


def test_large_values_come_whole(scripts: Scripts) -> None:
    text = "é" * 2035 + "x" * 3
    context = {"state": {f"k{n}": text[: 2030 + n] for n in range(16)} | {"big": text * 50}}
    body = "return [$state.keys().map((k) => $state[k].length), $state.k9, $state.big];"
    lengths, k9, big = evaluate(scripts, body, context=context)
    assert lengths == [*(min(2030 + n, len(text)) for n in range(16)), len(text) * 50]
    assert (k9, big) == (context["state"]["k9"], context["state"]["big"])


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("$state.x = undefined", "TypeError: The state's x must be a value that JSON has"),
        ("$state.x = () => 1", "TypeError: The state's x must be a value that JSON has"),
        ("$state.x = 1n", "TypeError"),
        ("const a = []; a.push(a); $state.x = a", "TypeError: circular reference"),
        ("$state.get = 1", "TypeError: $state.get is not the state's"),
        ("delete $state.then", "TypeError: $state.then is not the state's"),
        ("$state[Symbol()] = 1", "TypeError: $state.Symbol() is not the state's"),
        ("Object.defineProperty($state, 'x', { value: 1 })", "TypeError"),
        ("$state['']", "TypeError: '': a key has 1 to 512 bytes"),
        ("$state['a\\nb']", "TypeError: 'a\\nb': a key must not have control characters"),
        ("$state['\\ud800']", "TypeError"),
        ("$state['x'.repeat(513)]", "TypeError"),
        ("$state['x'.repeat(20000)]", "TypeError"),
        ("$state.x = JSON.parse('['.repeat(101) + ']'.repeat(101))", "TypeError: not JSON: nested"),
        ("$state.set('x')", "TypeError: $state.set needs 2 arguments, but got 1"),
    ],
)
def test_what_is_thrown(scripts: Scripts, statement: str, error: str) -> None:
    found = evaluate(scripts, f"{CAUGHT} return await caught(() => {{ {statement} }});")
    assert found.startswith(error)
    assert scripts.last.effects.count == 0


# ---- capabilities ----------------------------------------------------------------------------

ASKED = """return [
  await caught(() => $state.KEY), await caught(() => "KEY" in $state),
  await caught(() => $state.has("KEY")), await caught(() => { $state.KEY = 1; }),
  await caught(() => delete $state.KEY), await caught(() => $emit("KEY")),
  await caught(() => $view.focus("KEY")), await caught(() => $ext.KEY.go()),
];"""


@pytest.mark.parametrize("key", ["secret", "absent"])
def test_everything_is_denied_by_default(scripts: Scripts, key: str) -> None:
    found = evaluate(scripts, CAUGHT + ASKED.replace("KEY", key), "http:authorization")
    refusal = "PermissionDenied: the handler's manifest does not grant "
    assert found == [
        *(f"{refusal}state:read:{key}",) * 3,
        *(f"{refusal}state:write:{key}",) * 2,
        *(f"{refusal}{scope}:{key}" for scope in ("events:emit", "view:update", "ext")),
    ]
    assert evaluate(scripts, "return [$state.keys(), $state];", "ext:x") == [[], {}]


def test_a_grant_is_for_one_key(scripts: Scripts) -> None:
    body = CAUGHT + "return [$state.a, Object.keys($state), await caught(() => $state.secret)];"
    value, keys, refusal = evaluate(scripts, body, "state:read:a", "state:read:b:c")
    assert (value, keys) == (CONTEXT["state"]["a"], ["a", "b:c"])  # type: ignore[index]
    assert refusal.startswith("PermissionDenied")


def test_grants_are_of_the_handler_and_not_of_its_snapshot(scripts: Scripts) -> None:
    source = "export default () => $state.secret"
    granted = scripts.handler(source, capabilities=("state:read:secret",))
    denied = scripts.handler(source)
    assert granted.compiled.key == denied.compiled.key
    for _ in range(2):
        assert scripts.evaluate(granted, json.dumps(CONTEXT)) == 5
        with pytest.raises(PermissionDenied, match="does not grant state:read:secret"):
            scripts.evaluate(denied, json.dumps(CONTEXT))


def test_only_the_host_can_deny(scripts: Scripts) -> None:
    body = """const error = new Error("the handler's manifest does not grant state:read:x");
    error.name = "PermissionDenied"; throw error;"""
    with pytest.raises(GuestTrap, match="Uncaught PermissionDenied"):
        evaluate(scripts, body)


# ---- events and views --------------------------------------------------------------------------


def test_events_and_view_commands_are_data(scripts: Scripts) -> None:
    body = """$emit("saved", { id: 1 }); $emit("done"); $view.setFilter("list", { q: "ü" });
    $view.scrollTo("list", 7); $view.focus("field:1"); $view.custom("list", ["blink"]);"""
    assert evaluate(scripts, body) is None
    effects = scripts.last.effects
    assert effects.events == [
        {"name": "saved", "payload": {"id": 1}},
        {"name": "done", "payload": None},
    ]
    assert effects.view_commands == [
        {"command": "setFilter", "id": "list", "arguments": {"q": "ü"}},
        {"command": "scrollTo", "id": "list", "arguments": 7},
        {"command": "focus", "id": "field:1", "arguments": None},
        {"command": "custom", "id": "list", "arguments": ["blink"]},
    ]
    assert (effects.state_mutations, effects.count) == ([], 6)


@pytest.mark.parametrize(
    ("limits", "loop", "words"),
    [
        ({"max_effects": 3}, "$state.x = 1", "more than 3 state mutations"),
        ({"max_effects": 3}, "$emit('e')", "more than 3 state mutations"),
        ({"max_effect_bytes": 50}, "$emit('e', 'x'.repeat(15))", "more than 50 bytes of state"),
        ({"max_effect_bytes": 50}, "$emit('e', 'x'.repeat(60))", "a value of 62 bytes"),
        ({"max_effect_bytes": 50}, "$emit('e', 'x'.repeat(1e6))", "a value of"),
        ({"max_host_calls": 20}, "$state.x", "more than 20 host calls; the last was fd_"),
    ],
)
def test_too_much_ends_the_run(scripts: Scripts, limits: Any, loop: str, words: str) -> None:
    source = f"export default () => {{ for (;;) {{ try {{ {loop}; }} catch {{}} }} }}"
    handler = scripts.handler(source, capabilities=ALL, limits=replace(LIMITS, **limits))
    with pytest.raises(ResourceLimit, match=words):
        scripts.evaluate(handler, "{}")
    assert scripts.last.effects.count <= 3


# ---- extensions ------------------------------------------------------------------------------


def test_an_extensions_answer_is_awaited(scripts: Scripts, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[tuple[str, str, bytes]] = []

    def answer(run: Execution, name: str, method: str, arguments: bytes) -> ExtensionAnswer:
        called.append((name, method, arguments))
        if method == "fail":
            return ExtensionAnswer(False, '"no such üser"'.encode())
        return ExtensionAnswer(True, b'{"was":%b}' % arguments)

    monkeypatch.setattr(Execution, "call_extension", answer)
    body = """const promise = $ext.users.find({ id: "ü" });
    const caught = await $ext.users.fail().catch((error) => [error instanceof Error,
      error.name, error.message]);
    return [promise instanceof Promise, await promise, caught, typeof $ext.then,
      typeof $ext.users.then];"""
    assert evaluate(scripts, body, "ext:users") == [
        *(True, {"was": {"id": "ü"}}, [True, "ExtensionError", "no such üser"]),
        *("undefined", "undefined"),
    ]
    assert called == [("users", "find", '{"id":"ü"}'.encode()), ("users", "fail", b"null")]


def test_an_extension_that_nobody_has(scripts: Scripts) -> None:
    with pytest.raises(GuestTrap, match="Uncaught ExtensionError: no extension 'x' answers here"):
        evaluate(scripts, "await $ext.x.y();")


def test_an_extension_takes_one_argument(scripts: Scripts) -> None:
    with pytest.raises(GuestTrap, match=r"\$ext.x.y takes one argument, but got 2"):
        evaluate(scripts, "await $ext.x.y(1, 2);")


# ---- $log, $time, requests, loading --------------------------------------------------------------


def test_log_and_time(scripts: Scripts) -> None:
    before = time.time_ns() // 1_000_000
    now = evaluate(scripts, "$log('a', 1); $log.warn('b'); $log.error('c'); return $time();")
    assert before <= now <= time.time_ns() // 1_000_000
    assert scripts.log() == "a 1\n<4>b\n<3>c\n"


def test_a_request_has_no_context(scripts: Scripts) -> None:
    handler = scripts.handler(
        f"""{CAUGHT} export default async () => Response.json([
        await caught(() => $state.a), await caught(() => {{ $state.a = 1; }}),
        await caught(() => $emit("e")), await caught(() => $view.focus("v")),
        await caught(() => $ext.x.y()), $args, $scope, typeof $time()]);""",
        capabilities=ALL,
    )
    missing = "NotAvailable: only an execution with a JSON context has state, events and views"
    assert json.loads(scripts.fetch(handler).body) == [
        *([missing] * 4),
        *("ExtensionError: no extension 'x' answers here", None, None, "number"),
    ]


@pytest.mark.parametrize("statement", ["$state.a", "$emit('e')", "await $ext.x.y()"])
def test_nothing_can_be_asked_while_loading(scripts: Scripts, statement: str) -> None:
    with pytest.raises(CompilationError, match="not while loading"):
        scripts.handler(f"{statement}; export default () => 1;", capabilities=ALL)


@pytest.mark.parametrize(
    ("context", "words"),
    [
        ("{", "the context is not JSON"),
        ('{"state": 1}', "state must be an object"),
        ("[" * 200 + "]" * 200, "nested deeper"),
    ],
)
def test_a_context_that_is_none(scripts: Scripts, context: str, words: str) -> None:
    with pytest.raises(InvalidArgument, match=words):
        scripts.evaluate(scripts.handler("export default () => 1"), context)


@pytest.mark.parametrize("context", ["null", "[1]", "{}", '"x"'])
def test_a_context_may_be_anything(scripts: Scripts, context: str) -> None:
    handler = scripts.handler(
        "export default ({ args, scope }) => [args, scope, $state.keys()]", capabilities=ALL
    )
    assert scripts.evaluate(handler, context) == [None, None, []]


def test_a_handler_that_replaces_what_it_finds(scripts: Scripts) -> None:
    body = """JSON.stringify = () => "[]"; JSON.parse = () => 7; Object.prototype.then = 1;
    Array.prototype.map = null; Uint8Array.prototype.set = null;
    $state.x = { y: 1 }; return [$state.x.y, $state.secret];"""
    assert evaluate(scripts, body) == [1, 5]
