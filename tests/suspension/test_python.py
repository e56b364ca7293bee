"""Python that waits for an extension: async code as an image, plain calls on a thread."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nexus.model import ExtensionAnswer, Files, Handler, Mount
from nexus.suspension import book
from tests.python.conftest import python
from tests.python.support import Pythons
from tests.support import ABIS, EXAMPLES, until
from tests.suspension.support import (
    GRANTS,
    Make,
    Worker,
    execute,
    goes_on_elsewhere,
    ids_of,
    run_threads,
)

__all__ = ["python"]


@pytest.fixture
def make(python: Pythons) -> Make:
    def handler(source: str, **fields: Any) -> Handler:
        made = python.handler(f"import asyncio, nexus\n{source}", capabilities=GRANTS)
        return replace(made, **fields)

    return handler


@pytest.fixture
def worker(python: Pythons) -> Iterator[Worker]:
    with closing(Worker(python.engine, make_guest=ABIS.guest_for)) as made:
        yield made


def test_async_code_goes_on_in_other_threads(worker: Worker, make: Make) -> None:
    served = make(
        """
async def run(context):
    total = 0
    for n in (1, 2, 3):
        nexus.emit("asking", n)
        nexus.state["n"] = n
        total += await nexus.ext.oracle.ask({"n": n, "by": context["args"]["by"]})
    return [total, nexus.state["n"]]
"""
    )
    assert goes_on_elsewhere(worker, served).return_value == [60, 3]


def test_scratch_files_stay_open(worker: Worker, make: Make, tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets/a").write_text("asset")
    source = """
async def run(context):
    real = open("/assets/a")
    with open("/tmp/x", "w+") as file:
        file.write("begun ")
        for n in (1, 2, 3):
            nexus.emit("asking", n)
            await nexus.ext.oracle.ask({"n": n, "by": context["args"]["by"]})
            file.write(f"{n} ")
            file.flush()
        try: real.read()
        except OSError as error: found = error.strerror
        return [open("/tmp/x").read(), found, open("/assets/a").read()]
"""
    served = make(source, files=Files((Mount("/assets", tmp_path, "assets"),), 1 << 20))
    found = goes_on_elsewhere(worker, served).return_value
    assert found == ["begun 1 2 3 ", "Bad file descriptor", "asset"]


def test_executions_that_wait_do_not_see_each_other(worker: Worker, make: Make) -> None:
    served = make(
        """
mine = []
async def run(context):
    mine.append(context["args"])
    answer = await nexus.ext.oracle.ask(context["args"])
    return [mine, answer]
"""
    )
    waiting = {name: execute(worker, served, args=name) for name in "abcd"}
    assert worker.pool.instances_created() == 1, "one instance served them all"
    for name in reversed("abcd"):
        assert worker.resume(waiting[name], name * 2).return_value == [[name], name * 2]


def test_questions_are_answered_in_any_order(worker: Worker, make: Make) -> None:
    served = make(
        """
async def run(context):
    asked = [nexus.ext.oracle.ask(name) for name in "abc"]
    found = await asyncio.gather(*asked, return_exceptions=True)
    return [one if isinstance(one, int) else f"{type(one).__name__}: {one}" for one in found]
"""
    )
    result = execute(worker, served)
    assert [question["arguments"] for question in result.suspensions] == ["a", "b", "c"]
    a, b, c = ids_of(result)
    for name, value, ok in ((c, b"3", True), (a, b"1", True), (b, b'"no"', False)):
        result = worker.suspensions.resume(name, ExtensionAnswer(ok, value))
    assert result.return_value == [1, "ExtensionError: no", 3]


def test_a_timeout_around_a_question(worker: Worker, make: Make) -> None:
    served = make(
        """
async def run(context):
    try:
        return await asyncio.wait_for(nexus.ext.oracle.ask(1), context["args"])
    except TimeoutError:
        nexus.emit("late")
        await asyncio.sleep(0.05)
        return "timed out"
"""
    )
    assert worker.resume(execute(worker, served, args=60), "answer").return_value == "answer"
    first = execute(worker, served, args=0.5)
    result = worker.suspensions.result(first.execution_id, 20.0)
    assert (result.status, result.return_value) == ("success", "timed out")
    assert [event["name"] for event in result.events] == ["late"]
    assert [question["arguments"] for question in result.unanswered] == [1]


def test_a_timer_that_is_due_runs_before_a_later_answer(
    worker: Worker, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(book, "WAKE_INTERVAL_S", 60.0)
    served = make(
        """
async def run(context):
    try:
        return await asyncio.wait_for(nexus.ext.oracle.ask(1), 0.5)
    except TimeoutError:
        return "timed out"
"""
    )
    due = time.time() + 0.5
    first = execute(worker, served)
    until(lambda: time.time() > due + 0.3)
    assert worker.resume(first, "answer").return_value == "timed out"


def test_a_script_waits_too(worker: Worker, python: Pythons) -> None:
    served = python.text("await nexus.ext.oracle.ask(context['args']) + 1", capabilities=GRANTS)
    result = execute(worker, served, args=5)
    assert not run_threads()
    assert worker.resume(result, 41).return_value == 42


@pytest.mark.parametrize(
    "source",
    [
        "def run(context): return [nexus.ext.oracle.ask(n) for n in (1, 2)]",
        """
def run(context):
    async def ask(n): return await nexus.ext.oracle.ask(n)
    async def both(): return list(await asyncio.gather(ask(1), ask(2)))
    return asyncio.run(both())
""",
    ],
)
def test_a_plain_run_waits_on_a_thread(worker: Worker, make: Make, source: str) -> None:
    result = execute(worker, make(source))
    assert run_threads()
    assert result.suspension is not None
    result = worker.resume(result, 10)
    assert worker.resume(result, 20).return_value == [10, 20]


def test_an_error_and_a_denial_end_it(worker: Worker, make: Make) -> None:
    served = make("async def run(context): return await nexus.ext.oracle.ask()")
    failed = worker.resume(execute(worker, served), "gone", ok=False)
    assert failed.error is not None
    assert failed.error["code"] == "EXECUTION_ERROR"
    assert failed.error["message"] == "nexus.ExtensionError: gone"
    denied = execute(worker, make("async def run(context): return await nexus.ext.other.ask()"))
    assert denied.error is not None
    assert denied.error["code"] == "PERMISSION_DENIED"


def test_a_question_that_nobody_awaits_is_in_the_result(worker: Worker, make: Make) -> None:
    served = make("async def run(context):\n    nexus.ext.oracle.ask(1)\n    return 5")
    result = execute(worker, served)
    assert result.error is None
    assert result.return_value == 5
    assert [question["arguments"] for question in result.unanswered] == [1]


def test_the_example_that_asks_for_an_approval(worker: Worker, python: Pythons) -> None:
    grants = ("ext:approver", "state:read:limit", "events:emit:decided")
    source = (EXAMPLES / "approval.py").read_text()
    served = python.handler({"approval.py": source}, capabilities=grants)
    expense = {"who": "ann", "items": [{"price": 30, "count": 9}]}
    result = execute(worker, served, args=expense)
    assert result.suspension is not None
    assert result.suspension["arguments"] == {"who": "ann", "total": 270, "limit": 100}
    done = worker.resume(result, {"approved": False, "by": "bob"})
    assert done.return_value == {"decision": "refused", "by": "bob", "total": 270}
    assert [event["payload"]["decision"] for event in done.events] == ["refused"]
