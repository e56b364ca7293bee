"""Timers of a JavaScript execution that waits for an answer: they run without anybody asking."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import replace

import pytest

from nexus.errors import Overloaded, ShuttingDown, SuspensionConflict
from nexus.model import ExecutionResult
from nexus.suspension import book
from tests.scripts.support import LIMITS, Scripts
from tests.support import ABIS, until
from tests.suspension.support import Make, Worker, execute, id_of, ids_of

WAIT_S = 20.0


def ended(worker: Worker, result: ExecutionResult) -> ExecutionResult:
    """The result once the execution has ended without anybody asking."""
    assert result.status == "suspended"
    found = worker.suspensions.result(result.execution_id, WAIT_S)
    assert found.status != "suspended"
    return found


def test_a_race_against_a_timer(worker: Worker, make: Make) -> None:
    served = make(
        """const began = Date.now();
        const timer = new Promise((done) => setTimeout(done, 500, "timer"));
        return [await Promise.race([$ext.oracle.slow(1), timer]), Date.now() - began];"""
    )
    first = execute(worker, served)
    result = ended(worker, first)
    assert (result.status, result.execution_id) == ("success", first.execution_id)
    winner, waited_ms = result.return_value
    assert winner == "timer"
    assert waited_ms >= 500
    assert [question["arguments"] for question in result.unanswered] == [1]
    assert worker.outcomes == ["ended"]
    with pytest.raises(SuspensionConflict, match="ended without this answer"):
        worker.resume(first)
    assert worker.counts() == (0, 0, 0, 0, 0)
    assert [error for _, error in worker.observed] == [None]


def test_an_answer_in_time_wins_the_race(worker: Worker, make: Make) -> None:
    served = make(
        """const timer = new Promise((done) => setTimeout(done, 60_000, "timer"));
        return Promise.race([$ext.oracle.slow(1), timer]);"""
    )
    assert worker.resume(execute(worker, served), "answer").return_value == "answer"


def test_a_timer_that_is_due_runs_before_a_later_answer(
    worker: Worker, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a browser, though Nexus has not run the timer when the answer comes."""
    monkeypatch.setattr(book, "WAKE_INTERVAL_S", 60.0)
    served = make(
        """const timer = new Promise((done) => setTimeout(done, 500, "timer"));
        return Promise.race([$ext.oracle.slow(1), timer]);"""
    )
    first = execute(worker, served)
    due = time.time() + 0.5
    until(lambda: time.time() > due + 0.3)
    assert worker.resume(first, "answer").return_value == "timer"


def test_a_timeout_signal_fires(worker: Worker, make: Make) -> None:
    served = make(
        """const signal = AbortSignal.timeout(500);
        let fired = null;
        signal.addEventListener("abort", () => { fired = signal.reason.name; });
        const late = new Promise((done) => setTimeout(done, 600));
        await Promise.any([$ext.oracle.primary(1), late]);
        return [signal.aborted, fired];"""
    )
    assert ended(worker, execute(worker, served)).return_value == [True, "TimeoutError"]


def test_an_interval_ticks_and_its_effects_are_kept(worker: Worker, make: Make) -> None:
    served = make(
        """let ticks = 0;
        const ticking = setInterval(() => {
          $emit("tick", ++ticks);
          if (ticks === 3) { clearInterval(ticking); $ext.oracle.more(ticks); }
        }, 100);
        $emit("began");
        const got = await $ext.oracle.ask();
        return [got, ticks];"""
    )
    first = execute(worker, served)
    assert first.events[0]["name"] == "began"
    until(lambda: len(worker.book.infos()) == 2)
    standing = worker.suspensions.result(first.execution_id)
    assert (standing.status, standing.events) == ("suspended", ()), "a look takes no effects"
    assert [q["method"] for q in standing.suspensions] == ["ask", "more"]
    assert standing.suspension is not None
    assert standing.suspension["id"] == id_of(first)
    result = worker.resume(first, "yes")
    assert result.return_value == ["yes", 3]
    events = [*first.events, *result.events]
    assert [event["payload"] for event in events] == [None, 1, 2, 3]
    assert [question["method"] for question in result.unanswered] == ["more"]


def test_two_executions_have_their_own_timers(worker: Worker, make: Make) -> None:
    served = make(
        """const timer = new Promise((done) => setTimeout(done, args.ms, args.name));
        return Promise.race([$ext.oracle.slow(1), timer]);"""
    )
    names = [f"n{n}" for n in range(6)]
    first = [
        execute(worker, served, args={"ms": 500 + 50 * n, "name": name})
        for n, name in enumerate(names)
    ]
    assert [ended(worker, result).return_value for result in first] == names


def test_an_error_in_a_timer_ends_it(worker: Worker, make: Make) -> None:
    served = make(
        """const late = new Promise((_, no) => setTimeout(() => no(new Error("too late")), 500));
        return Promise.race([$ext.oracle.approve(), late]);"""
    )
    result = ended(worker, execute(worker, served))
    assert result.error == {"code": "EXECUTION_ERROR", "message": "Uncaught Error: too late"}


def test_timers_are_within_the_cpu_budget(worker: Worker, make: Make) -> None:
    served = make(
        "setTimeout(() => { for (;;); }, 500); return await $ext.oracle.ask();",
        limits=replace(LIMITS, cpu_timeout_s=0.1),
    )
    first = execute(worker, served)
    result = ended(worker, first)
    assert result.error is not None
    assert result.error["code"] == "CPU_LIMIT"


def test_a_timer_that_finds_no_place_tries_again(scripts: Scripts, make: Make) -> None:
    served = make(
        """const timer = new Promise((done) => setTimeout(done, 1000, "timer"));
        return Promise.race([$ext.oracle.slow(1), timer]);""",
        limits=replace(LIMITS, timeout_s=1.0),
    )
    made = Worker(scripts.engine, make_guest=ABIS.guest_for, max_running=1)
    with closing(made) as worker:
        first = execute(worker, served)
        worker.admission.enter("other", 0, time.monotonic() + 5, 0, None)
        try:
            with pytest.raises(Overloaded):
                worker.resume(first)
            assert worker.suspensions.result(first.execution_id, 1.5).status == "suspended"
        finally:
            worker.admission.leave("other", 0, None)
        assert ended(worker, first).return_value == "timer"


def test_shutdown_ends_what_ticks(scripts: Scripts, make: Make) -> None:
    served = make("setInterval(() => {}, 1); await $ext.oracle.ask();")
    with closing(Worker(scripts.engine, make_guest=ABIS.guest_for)) as worker:
        for _ in range(4):
            assert ids_of(execute(worker, served))
    assert [type(error) for _, error in worker.observed] == [ShuttingDown] * 4
