"""Handlers given as source text: a module with a default export, or a script with a value."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from nexus.errors import CompilationError, DeadlineExceeded, GuestTrap, PermissionDenied
from nexus.guest.bundle import Bundle, unpack_bundle

from .support import LIMITS, Scripts

CONTEXT = '{"state": {"n": 1}, "args": {"a": 2}, "scope": ["é"]}'
TOKENS = ("state:read:n", "state:write:n", "events:emit:done")


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("1 + 1", 2),
        ("$args.a * 3", 6),
        ("const x = $args.a;\nx + $scope[0].length", 3),
        ("$state.n += 1; $state.n", 2),
        ("$emit('done'); 'é'", "é"),
        ("await Promise.resolve(5)", 5),
        ("Promise.resolve([1])", [1]),
        ("await new Promise((r) => setTimeout(r, 5)); 'later'", "later"),
        ("({ a: 1 })", {"a": 1}),
        ("x = 5; x", 5),
        ("let $args = 1; $args", 1),
        ("if ($args.a > 1) { 'large' } else { 'small' }", "large"),
        ("", None),
        ("// nothing", None),
        ("undefined", None),
        ("export default ({ args }) => args.a", 2),
        ("export default { run: async ({ state }) => state.n }", 1),
    ],
)
def test_values(scripts: Scripts, source: str, value: Any) -> None:
    handler = scripts.text(source, capabilities=TOKENS)
    assert [scripts.evaluate(handler, CONTEXT) for _ in range(2)] == [value, value]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("let = ;", "^source.js:1:5: SyntaxError: variable name expected\n1 | let = ;\n"),
        ("1;\nreturn 5", "^source.js:2:1: SyntaxError: return not in a function"),
        ("export const y = 1;", "needs a default export that is a function"),
        (
            "import './a.js'; export default () => 1",
            "source.js:1:8: .*: source text has no",
        ),
        ("export default 5", "needs a default export that is a function"),
        ("throw 1; export default () => 1", "^1$"),
    ],
)
def test_what_is_wrong_is_told_before_it_runs(scripts: Scripts, source: str, words: str) -> None:
    with pytest.raises(CompilationError, match=words.replace("|", "[|]")):
        scripts.text(source)


def test_a_script_fails_when_it_runs(scripts: Scripts) -> None:
    handler = scripts.text("\n nope")
    with pytest.raises(GuestTrap, match="Uncaught ReferenceError: nope is not defined"):
        scripts.evaluate(handler, CONTEXT)
    assert "source.js:2:2" in scripts.log()
    with pytest.raises(GuestTrap, match="never settles"):
        scripts.evaluate(scripts.text("await new Promise(() => {})"), CONTEXT)
    with pytest.raises(PermissionDenied):
        scripts.evaluate(scripts.text("$state.n"), CONTEXT)


def test_a_script_is_limited(scripts: Scripts) -> None:
    handler = scripts.text("for (;;) {}", limits=replace(LIMITS, timeout_s=0.1))
    with pytest.raises(DeadlineExceeded):
        scripts.evaluate(handler, CONTEXT)


def test_a_script_leaves_nothing_behind(scripts: Scripts) -> None:
    handler = scripts.text("var had = typeof mine; globalThis.mine = 1; had")
    assert [scripts.evaluate(handler, "{}") for _ in range(3)] == ["undefined"] * 3


def test_a_script_answers_no_requests(scripts: Scripts) -> None:
    failure = scripts.failure(scripts.text("1"))
    assert "default export must be a function or an object" in str(failure)


def test_texts_travel_to_the_child_as_what_they_are() -> None:
    for is_text in (True, False):
        bundle = Bundle("source.js", {"source.js": b"1\n2"}, is_text)
        assert unpack_bundle(bundle.pack()) == bundle
    assert Bundle("a", {"a": b"1"}, True).digest() != Bundle("a", {"a": b"1"}).digest()
