"""Several open questions of one JavaScript execution: listed, answered in any order, never lost."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from nexus.errors import SuspensionConflict
from nexus.model import ExecutionResult, ExtensionAnswer
from nexus.suspension import stored
from tests.scripts.support import LIMITS
from tests.suspension.support import Make, Worker, execute, ids_of


def answer(worker: Worker, suspension_id: str, value: str, *, ok: bool = True) -> ExecutionResult:
    """Answer with the JSON text *value*."""
    return worker.suspensions.resume(suspension_id, ExtensionAnswer(ok, value.encode()))


THREE = """const asked = ["a", "b", "c"].map((name) => $ext.oracle.ask(name));
const found = await Promise.allSettled(asked);
return found.map((one) => one.value ?? `${one.reason.name}: ${one.reason.message}`);"""


@pytest.mark.parametrize("order", ["abc", "cba", "bca"])
def test_questions_are_answered_in_any_order(worker: Worker, make: Make, order: str) -> None:
    result = execute(worker, make(THREE))
    assert [question["arguments"] for question in result.suspensions] == ["a", "b", "c"]
    assert result.suspension == result.suspensions[0]
    ids = dict(zip("abc", ids_of(result), strict=True))
    answers = {"a": ("1", True), "b": ('"no"', False), "c": ("3", True)}
    left = list("abc")
    for name in order:
        value, ok = answers[name]
        result = answer(worker, ids[name], value, ok=ok)
        left.remove(name)
        assert [question["id"] for question in result.suspensions] == [ids[n] for n in left]
    assert (result.status, result.return_value) == ("success", [1, "ExtensionError: no", 3])
    assert (result.suspension, result.unanswered) == (None, [])
    assert worker.outcomes == ["resumed"] * 3


def test_every_result_names_its_execution(worker: Worker, make: Make) -> None:
    first = execute(worker, make("return await $ext.oracle.ask(1);"))
    assert first.execution_id
    assert worker.resume(first).execution_id == first.execution_id
    assert [run.execution_id for run, _ in worker.observed] == [first.execution_id]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return Promise.any([$ext.oracle.a(), $ext.oracle.b()]);", "yes"),
        ("return Promise.race([$ext.oracle.a(), $ext.oracle.b()]);", "yes"),
    ],
)
def test_the_first_answer_may_be_enough(
    worker: Worker, make: Make, body: str, expected: str
) -> None:
    first = execute(worker, make(body))
    one, two = ids_of(first)
    result = answer(worker, two, '"yes"')
    assert (result.status, result.return_value) == ("success", expected)
    assert [question["method"] for question in result.unanswered] == ["a"]
    with pytest.raises(SuspensionConflict, match=f"{first.execution_id} ended without this answer"):
        answer(worker, one, "1")


def test_any_waits_for_the_second_if_the_first_fails(worker: Worker, make: Make) -> None:
    first = execute(worker, make("return Promise.any([$ext.oracle.a(), $ext.oracle.b()]);"))
    one, two = ids_of(first)
    second = answer(worker, one, '"no"', ok=False)
    assert ids_of(second) == [two]
    assert answer(worker, two, "7").return_value == 7


@pytest.mark.parametrize(
    ("body", "status"),
    [("return 'done';", "success"), ("throw new Error('broken');", "error")],
)
def test_a_question_that_nobody_awaits_is_in_the_result(
    worker: Worker, make: Make, body: str, status: str
) -> None:
    served = make(f"for (const id of [1, 2]) $ext.oracle.notify({{ id }}); {body}")
    result = execute(worker, served)
    assert (result.status, worker.outcomes) == (status, [])
    assert result.unanswered == [
        {"extension": "oracle", "method": "notify", "arguments": {"id": n}} for n in (1, 2)
    ]


def test_new_questions_come_after_old_ones(worker: Worker, make: Make) -> None:
    served = make(
        """const slow = $ext.oracle.slow();
        const got = await $ext.oracle.quick(1);
        const more = $ext.oracle.quick(got);
        return [await slow, await more];"""
    )
    slow, quick = ids_of(execute(worker, served))
    result = answer(worker, quick, "2")
    assert [(q["method"], q["arguments"]) for q in result.suspensions] == [
        ("slow", None),
        ("quick", 2),
    ]
    assert result.suspensions[0]["id"] == slow
    assert worker.resume(answer(worker, slow, '"s"'), "q").return_value == ["s", "q"]


def test_answers_at_once_are_taken_one_after_the_other(worker: Worker, make: Make) -> None:
    served = make(
        """const all = Array.from({ length: 8 }, (_, n) => $ext.oracle.ask(n));
        return (await Promise.all(all)).join();"""
    )
    for _ in range(3):
        ids = ids_of(execute(worker, served))
        together = threading.Barrier(len(ids))

        def give(n: int, ids: Any = ids, together: Any = together) -> ExecutionResult:
            together.wait(20)
            return answer(worker, ids[n], str(n))

        with ThreadPoolExecutor(len(ids)) as threads:
            results = list(threads.map(give, range(len(ids))))
        ended = [result for result in results if result.status == "success"]
        assert [result.return_value for result in ended] == ["0,1,2,3,4,5,6,7"]
        assert sorted(len(result.suspensions) for result in results) == list(range(8))


def test_the_pool_knows_it_by_each_question(worker: Worker, make: Make) -> None:
    ids = ids_of(execute(worker, make(THREE)))
    instance = worker.pool.get_suspended(ids[0])
    assert {worker.pool.get_suspended(name) for name in ids} == {instance}
    assert (worker.pool.suspended_count(), len(worker.book)) == (1, 1)
    assert instance.suspension_ids() == tuple(ids)
    held = worker.pool.total_memory()
    worker.suspensions.cancel(ids[2])
    worker.until_idle()
    assert worker.pool.total_memory() < held


def test_so_many_questions_may_be_open(worker: Worker, make: Make) -> None:
    limits = replace(LIMITS, max_host_calls=10_000)
    served = make("for (;;) $ext.oracle.ask(1);", limits=limits)
    result = execute(worker, served)
    assert result.error is not None
    assert result.error["code"] == "RESOURCE_LIMIT"
    assert f"more than {stored.MOST_QUESTIONS} open questions" in result.error["message"]


def test_questions_may_hold_so_many_bytes(worker: Worker, make: Make) -> None:
    limits = replace(LIMITS, max_effect_bytes=10_000)
    served = make("for (;;) $ext.oracle.ask('x'.repeat(3000));", limits=limits)
    result = execute(worker, served)
    assert result.error is not None
    assert result.error["message"] == "more than 10000 bytes of open questions"
    assert len(result.unanswered) == 3
