"""A handler that a limit ended: the log and the error say where in its source it was."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from nexus.compiler import prepare
from nexus.errors import CompilationError, DeadlineExceeded, GuestError, ResourceLimit

from .support import LIMITS, Scripts

SHORT = replace(LIMITS, timeout_s=0.1, max_host_calls=20)
FETCH = "export default { async fetch() { await 0; %s\n} };"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("let n = 0; for (;;) n = Math.max(n, 1);", DeadlineExceeded),
        ("for (;;);", DeadlineExceeded),
        ("try { for (;;) Math.abs(1); } catch {} finally { for (;;); }", DeadlineExceeded),
        ('return /^(a+)+$/.test("a".repeat(40) + "b");', DeadlineExceeded),
        ("for (;;) console.log(1);", ResourceLimit),
        ("for (;;) { try { console.log(1) } catch {} }", ResourceLimit),
    ],
)
def test_a_stopped_handler(scripts: Scripts, body: str, kind: type[GuestError]) -> None:
    """A loop without calls has no places but that of its function."""
    source = f"function spin() {{ {body} }}\n"
    error = scripts.failure(scripts.handler(source + FETCH % "spin();", limits=SHORT))
    assert type(error) is kind
    assert isinstance(error, GuestError)
    head, *lines = error.stack.split("\n")
    assert head == f"{error.code}: {error}"
    own = [line for line in lines if not line.endswith("(native)")]
    assert [line.split(":")[:2] for line in own] == [
        ["    at spin (hello.js", "1"],
        ["    at fetch (hello.js", "2"],
    ]
    log = scripts.log().split("<3>")[1:]
    assert log == [error.stack.replace("\n", "\n<+>") + "\n"]


def test_a_full_memory(scripts: Scripts) -> None:
    """A large allocation that fails leaves room for the stack."""
    body = "const all = [];\nfor (;;) all.push(new Uint8Array(1e6));"
    error = scripts.failure(scripts.handler(FETCH % body))
    assert isinstance(error, GuestError)
    assert error.code == "MEMORY_LIMIT"
    assert error.stack.startswith(
        "Uncaught InternalError: out of memory\n    at fetch (hello.js:2:"
    )
    assert scripts.log() == "<3>" + error.stack.replace("\n", "\n<+>") + "\n"


def test_a_handler_that_loads_for_ever(scripts: Scripts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepare, "PREPARE_S", 0.3)
    with pytest.raises(CompilationError) as caught:
        scripts.handler("function load() {\nfor (;;) Math.abs(1); }\nload();\nexport default {};")
    reason = r"used more than 0.3 s of CPU|not finished within its deadline"  # on a busy machine
    why = rf"while it was loaded: ({reason}).*"
    assert re.match(rf"hello.js:2:[0-9]+: {why}\n2 \| for \(;;\)", str(caught.value))


def test_work_after_the_answer(scripts: Scripts) -> None:
    body = (
        "export default { fetch(r, e, context) {"
        "context.waitUntil((async () => { await 0;\nfor (;;) Math.abs(1); })());"
        'return new Response("x"); } };'
    )
    error = scripts.failure(scripts.handler(body, limits=SHORT))
    assert isinstance(error, DeadlineExceeded)
    assert "\n    at <anonymous> (hello.js:" in error.stack
