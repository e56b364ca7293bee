"""What is special where QuickJS is evaluated for every request."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from nexus.errors import CompilationError, GuestError, GuestTrap, MemoryLimit
from nexus.guest import guest_for
from nexus.guest.js import evaluation
from nexus.model import Context
from tests.scripts.support import Scripts
from tests.suspension.support import Worker

GLOBALS = "Object.getOwnPropertyNames(globalThis).sort()"
BUILT_IN = ["qjs:std", "qjs:os", "qjs:bjson", "std", "os", "bjson", "nexus:handlers", "\0\0\0\0os"]


@pytest.fixture
def worker(scripts: Scripts) -> Iterator[Worker]:
    made = Worker(scripts.engine, make_guest=guest_for)
    yield made
    made.close()


def test_the_globals_are_the_same(scripts: Scripts, tmp_path: Path) -> None:
    source = f"export default () => Response.json({GLOBALS})"
    usual = Scripts(scripts.engine.name, tmp_path)
    try:
        expected = json.loads(usual.fetch(usual.handler(source)).body)
    finally:
        usual.close()
    assert json.loads(scripts.fetch(scripts.handler(source)).body) == expected
    assert not {"std", "os", "bjson", "scriptArgs", "print", "gc"} & set(expected)


@pytest.mark.parametrize("when", ["at the top", "in a request", "in a function made of a string"])
def test_built_in_modules_are_not_there(scripts: Scripts, when: str) -> None:
    load = (
        "new Function('n', 'return import(n)')" if when.endswith("string") else "(n) => import(n)"
    )
    tried = f"""const load = {load};
    const tryAll = async () => {{
      const got = [];
      for (const name of {json.dumps(BUILT_IN)}) {{
        try {{ await load(name); got.push(name); }} catch (error) {{
          if (!String(error).includes("could not load module")) got.push(String(error));
        }}
      }}
      return got;
    }};"""
    at_top = "const found = await tryAll();" if when == "at the top" else ""
    found = "found" if at_top else "await tryAll()"
    handler = scripts.handler(f"{tried}{at_top} export default async () => Response.json({found});")
    assert json.loads(scripts.fetch(handler).body) == []


def test_a_build_whose_modules_cannot_be_hidden_is_refused(
    scripts: Scripts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluation, "_BUILT_IN", b"never there:")
    with pytest.raises(CompilationError, match="handlers could import its module 'qjs:std'"):
        scripts.handler("export default () => new Response()")


@pytest.mark.parametrize("name", BUILT_IN[:6])
def test_the_names_are_tried_as_handlers_write_them(scripts: Scripts, name: str) -> None:
    """Some build may make its modules when they are imported; this file stands for such a one."""
    with pytest.raises(CompilationError, match=f"handlers could import its module '{name}'"):
        scripts.handler({"hello.js": "export default () => 1", name: "export default 1"})


def test_a_value_that_cannot_be_told_is_an_error(scripts: Scripts) -> None:
    """Not what was told before it, that the handler has been loaded."""
    huge = scripts.handler('export default { run: () => "x".repeat(3e6) }')
    with pytest.raises(GuestError):
        scripts.evaluate(huge, "{}")
    forged = "{ run() { Object.prototype.toJSON = () => undefined; return {}; } }"
    with pytest.raises(GuestTrap, match="without an answer"):
        scripts.evaluate(scripts.handler(f"export default {forged}"), "{}")


def test_jobs_come_before_timers(scripts: Scripts) -> None:
    """However many promises' jobs there are: between two of them no timer runs."""
    handler = scripts.handler(
        """export default async () => {
          const seen = [];
          setTimeout(() => seen.push("timer"), 0);
          for (let n = 0; n < 500; n++) await null;
          seen.push("jobs");
          await new Promise((resolve) => setTimeout(resolve, 1));
          return Response.json(seen);
        };"""
    )
    assert json.loads(scripts.fetch(handler).body) == ["jobs", "timer"]


def test_a_handler_that_exports_then(scripts: Scripts) -> None:
    handler = scripts.handler(
        'export const then = () => {}; export default () => new Response("mine")'
    )
    assert scripts.fetch(handler).body == b"mine"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ('\nthrow new TypeError("late"); export default 1', "Uncaught TypeError: late"),
        ("export default 5", "the handler's default export is not what it was"),
        ("await new Promise(() => {}); export default 5", "the handler's promise never settles"),
    ],
)
def test_a_module_that_loads_otherwise_in_a_request(
    scripts: Scripts, source: str, words: str
) -> None:
    handler = scripts.handler("export default () => new Response()")
    files = {**handler.compiled.files, "hello.js": source.encode()}
    error = scripts.failure(replace(handler, compiled=replace(handler.compiled, files=files)))
    assert isinstance(error, GuestTrap)
    assert str(error).startswith(words)
    if "throw" in source:
        assert scripts.log() == f"<3>{words}\n<3>    at <anonymous> (hello.js:2:11)\n"


def test_no_room_for_the_engine(scripts: Scripts) -> None:
    source = "export default () => { const kept = []; for (;;) kept.push(new Array(1e4).fill(1)); }"
    assert isinstance(scripts.failure(scripts.handler(source)), MemoryLimit)


def test_a_script_is_refused(scripts: Scripts) -> None:
    with pytest.raises(CompilationError, match=r"needs a default export .* a script cannot be run"):
        scripts.text("1 + 1")
    handler = scripts.text("export default ({ args }) => args.n + 1")
    assert scripts.evaluate(handler, '{"args": {"n": 1}}') == 2


def test_an_execution_that_waits_keeps_its_thread(scripts: Scripts, worker: Worker) -> None:
    handler = scripts.handler(
        "export default async () => 1 + await $ext.oracle.ask(7)", capabilities=("ext:oracle",)
    )
    run = worker.dispatcher.new_run(handler, time.monotonic())
    waiting = worker.suspensions.execute(handler, Context(b"{}"), run)
    assert waiting.suspension is not None
    assert worker.resume(waiting, 41).return_value == 42
