"""Suspended executions: where they stop, how they go on, how they end, and what they hold."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from nexus.errors import (
    GuestTrap,
    InvalidState,
    Overloaded,
    ShuttingDown,
    SuspensionConflict,
    SuspensionGone,
    SuspensionNotFound,
)
from nexus.model import ExecutionResult, ExtensionAnswer, Handler, Isolation, State
from nexus.plugin_api.extensions import ExtensionError
from tests import support
from tests.support import until
from tests.suspension.support import Worker, asking, id_of, run_threads

Make = Callable[..., Worker]
YES = ExtensionAnswer(True, b"1")


def test_an_execution_goes_on_where_it_stopped(worker: Worker, served: Handler) -> None:
    result = worker.execute(served, "thrice")
    for number in (1, 2, 3):
        assert result.status == "suspended"
        assert result.suspension is not None
        assert result.suspension["arguments"] == [number]
        assert (result.suspension["extension"], result.suspension["method"]) == ("oracle", "ask")
        assert result.events == [{"asked": number}], "only what is new since the last"
        result = worker.resume(result, 10**number)
    assert (result.status, result.return_value, result.events) == ("success", 1110, [])
    assert [error for _, error in worker.observed] == [None], "one run, observed once"
    assert worker.outcomes == ["resumed"] * 3


def test_an_execution_that_never_asks_is_not_suspended(worker: Worker, served: Handler) -> None:
    assert worker.execute(served, "none").return_value == 0
    assert worker.counts() == (0, 0, 0, 0, 0)


def test_a_guest_deep_in_recursion_is_suspended_there(worker: Worker, served: Handler) -> None:
    assert worker.resume(worker.execute(served, "deep"), 7).return_value == 7


def test_an_error_is_the_guests_to_handle(worker: Worker, served: Handler) -> None:
    result = worker.resume(worker.execute(served, "once"), "no such customer", ok=False)
    assert (result.status, result.return_value) == ("success", -1)


def test_while_suspended_it_holds_no_place(make: Make, served: Handler) -> None:
    worker = make(max_running=1)
    waiting = [worker.execute(served, "once") for _ in range(5)]
    assert worker.counts() == (0, 0, 0, 5, 5)
    assert worker.execute(served, "none").return_value == 0, "the one place is free"
    assert [worker.resume(result, 3).return_value for result in waiting] == [3] * 5
    assert worker.counts() == (0, 0, 0, 0, 0)


def test_the_instance_says_what_it_is(worker: Worker, served: Handler) -> None:
    suspension_id = id_of(worker.execute(served, "grow", "once"))
    instance = worker.pool.get_suspended(suspension_id)
    assert (instance.state, instance.suspension_id()) == (State.SUSPENDED, suspension_id)
    assert instance.memory_used() == 3 * support.PAGE
    assert worker.pool.total_memory() == 3 * support.PAGE
    with pytest.raises(InvalidState, match=f"{instance.id} is suspended; it must be executing"):
        instance.execute(served.compiled, support.calls(), handler=served, run=support.run())
    result = instance.resume(ExtensionAnswer(True, b"5"))
    assert isinstance(result, ExecutionResult)
    assert result.return_value == 5
    assert instance.suspension_id() is None
    with pytest.raises(InvalidState, match="it must be suspended"):
        instance.resume(YES)
    with pytest.raises(SuspensionNotFound):
        worker.pool.get_suspended(suspension_id)


def test_only_executing_time_counts(make: Make, served: Handler) -> None:
    worker = make()
    first = worker.execute(served, "once", timeout_s=0.5)
    run = next(iter(worker.watchdog._heap), None)
    assert run is None or run[2].ended, "nobody watches it meanwhile"
    time.sleep(0.7)  # longer than its deadline: what is tested is that this does not count
    result = worker.resume(first, 2)
    assert result.return_value == 2
    assert result.metrics is not None
    assert result.metrics["duration_us"] < 500_000


def test_resumed_it_has_its_deadline_still(worker: Worker, served: Handler) -> None:
    result = worker.resume(worker.execute(served, "once", "spin", timeout_s=0.2))
    assert result.error is not None
    assert result.error["code"] == "TIMEOUT"
    assert worker.execute(served, "none").status == "success"


def test_cpu_time_is_that_of_the_runs_own_thread(worker: Worker, served: Handler) -> None:
    burn_until = time.thread_time() + 0.2
    while time.thread_time() < burn_until:
        pass
    first = worker.execute(served, "once")
    second = worker.resume(first)
    assert first.metrics is not None
    assert second.metrics is not None
    assert 0 < first.metrics["cpu_us"] <= second.metrics["cpu_us"] < 200_000


def test_a_cpu_budget_holds_after_it_went_on(make: Make, engine: Any) -> None:
    limits = replace(support.PLAIN, cpu_timeout_s=0.1)
    worker, served = make(), asking(engine, limits=limits)
    result = worker.resume(worker.execute(served, "once", "spin"))
    assert result.error is not None
    assert result.error["code"] == "CPU_LIMIT"


def test_a_trap_after_it_went_on(worker: Worker, served: Handler) -> None:
    result = worker.resume(worker.execute(served, "once", "trap"))
    assert (result.status, result.error and result.error["code"]) == ("error", "EXECUTION_ERROR")
    assert isinstance(worker.observed[-1][1], GuestTrap)


def test_of_many_who_resume_one_wins(worker: Worker, served: Handler) -> None:
    for _ in range(10):
        suspension_id = id_of(worker.execute(served, "once"))
        together = threading.Barrier(4)

        def resume(number: int, name: str = suspension_id, at: Any = together) -> Any:
            at.wait(10)
            try:
                answer = ExtensionAnswer(True, str(number).encode())
                return worker.suspensions.resume(name, answer).return_value
            except SuspensionConflict:
                return None

        with ThreadPoolExecutor(4) as threads:
            results = list(threads.map(resume, range(4)))
        won = [number for number, result in enumerate(results) if result is not None]
        assert len(won) == 1
        assert results[won[0]] == won[0], "and gets what its own answer came to"


def test_expired_it_is_gone(make: Make, served: Handler) -> None:
    worker = make(timeout_s=2.0)
    results = [worker.execute(served, "thrice") for _ in range(5)]
    worker.until_idle()
    assert worker.outcomes == ["expired"] * 5
    until(lambda: len(worker.observed) == 5)
    assert all(isinstance(error, SuspensionGone) for _, error in worker.observed)
    assert all(run.usage.duration_s < 2.0 for run, _ in worker.observed), "time suspended counts"
    assert len({id(error) for _, error in worker.observed}) == 5, (
        "a shared one would keep all guests"
    )
    with pytest.raises(SuspensionGone, match="expired or was cancelled"):
        worker.resume(results[0])
    assert worker.execute(served, "none").status == "success"


def test_cancelled_it_is_gone(worker: Worker, served: Handler) -> None:
    first, second = worker.execute(served, "once"), worker.execute(served, "once")
    worker.suspensions.cancel(id_of(first))
    for attempt in (lambda: worker.resume(first), lambda: worker.suspensions.cancel(id_of(first))):
        with pytest.raises(SuspensionGone):
            attempt()
    assert [info.id for info in worker.suspensions.all()] == [id_of(second)]
    assert worker.resume(second).status == "success"
    with pytest.raises(SuspensionConflict):
        worker.suspensions.cancel(id_of(second))
    worker.until_idle()


@pytest.mark.parametrize("unknown", ["", "x", "../../etc/passwd", "a" * 16 + "-" + "b" * 65])
def test_an_id_that_nobody_gave_out(worker: Worker, served: Handler, unknown: str) -> None:
    with pytest.raises(SuspensionNotFound):
        worker.suspensions.resume(unknown, YES)
    found = id_of(worker.execute(served, "once"))
    forged = found[:-1] + ("0" if found[-1] != "0" else "1")
    with pytest.raises(SuspensionNotFound):
        worker.suspensions.cancel(forged)


def test_there_is_room_for_so_many(make: Make, served: Handler) -> None:
    worker = make(most=2)
    first, _ = worker.execute(served, "once"), worker.execute(served, "once")
    refused = worker.execute(served, "once")
    assert (refused.status, refused.events) == ("error", [{"asked": 1}])
    assert refused.error == {
        "code": "RESOURCE_LIMIT",
        "message": "2 executions are suspended already",
    }
    assert worker.outcomes == ["refused"]
    assert worker.resume(first).status == "success"
    assert worker.execute(served, "once").status == "suspended"


def test_there_is_so_much_memory(make: Make, served: Handler) -> None:
    worker = make(max_memory_bytes=5 * support.PAGE)
    assert worker.execute(served, "grow", "once").status == "suspended"
    refused = worker.execute(served, "grow", "once")
    assert refused.error is not None
    assert refused.error["code"] == "RESOURCE_LIMIT"
    assert "1 suspended executions hold 196608 bytes" in refused.error["message"]
    assert worker.execute(served, "once").status == "suspended", "a small one fits"


def test_where_there_is_no_place_it_stays_suspended(make: Make, served: Handler) -> None:
    worker = make(max_running=1)
    result = worker.execute(served, "once", timeout_s=0.3)
    spinning = threading.Thread(
        target=worker.execute, args=(served, "spin"), kwargs={"timeout_s": 2}
    )
    spinning.start()
    until(lambda: worker.pool.active_count() == 1)
    with pytest.raises(Overloaded):
        worker.resume(result)
    assert worker.pool.suspended_count() == 1
    spinning.join()
    assert worker.resume(result).status == "success", "and that wait did not count"


def test_shutdown_ends_them(make: Make, served: Handler) -> None:
    worker = make()
    for _ in range(3):
        worker.execute(served, "once")
    worker.close()
    assert worker.outcomes == ["shutdown"] * 3
    assert all(isinstance(error, ShuttingDown) for _, error in worker.observed)
    assert not run_threads()
    with pytest.raises(ShuttingDown):
        worker.execute(served, "once")


def test_a_registered_extension_answers_at_once(make: Make, served: Handler) -> None:
    class Oracle:
        def call(self, method: str, arguments: Any) -> Any:
            if method != "ask":
                raise ExtensionError(f"no {method}")
            return arguments[0] * 100

    worker = make(extensions={"oracle": Oracle()})
    assert worker.execute(served, "thrice").return_value == 600
    run = worker.dispatcher.new_run(served, time.monotonic())
    assert worker.dispatcher.run(served, support.calls("thrice"), run) == 600, "also elsewhere"


@pytest.mark.parametrize(
    ("raised", "logged"), [(ExtensionError("not today"), 0), (ZeroDivisionError("ours"), 1)]
)
def test_an_extension_that_raises(
    make: Make,
    served: Handler,
    raised: Exception,
    logged: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken:
        def call(self, method: str, arguments: Any) -> Any:
            raise raised

    assert make(extensions={"oracle": Broken()}).execute(served, "once").return_value == -1
    assert len(caplog.records) == logged


def test_where_nobody_can_wait_nobody_answers(worker: Worker, served: Handler) -> None:
    """A plain HTTP request has nobody who could resume it."""
    run = worker.dispatcher.new_run(served, time.monotonic())
    assert worker.dispatcher.run(served, support.calls("once"), run) == -1


@pytest.mark.parametrize("isolation", list(Isolation))
def test_threads_and_instances_are_used_again(
    worker: Worker, engine: Any, isolation: Isolation
) -> None:
    served = asking(engine, isolation=isolation)
    for _ in range(5):
        result = worker.resume(worker.execute(served, "once"), 1)
        assert result.status == "success"
    assert len(run_threads()) == 1
    assert worker.pool.instances_created() == (5 if isolation is Isolation.FRESH else 1)
