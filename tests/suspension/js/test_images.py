"""JavaScript that waits is kept as an image of its memory: any thread goes on with it."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from nexus.errors import InvalidState, Overloaded, SuspensionConflict, SuspensionGone
from nexus.model import ExecutionResult, Isolation, State
from tests.scripts.support import LIMITS, Scripts
from tests.support import ABIS
from tests.suspension.support import Make, Worker, execute, goes_on_elsewhere, id_of


def test_it_goes_on_in_other_threads(worker: Worker, make: Make) -> None:
    served = make(
        """let total = 0;
        for (let n = 1; n <= 3; n++) {
          $emit("asking", n);
          total += await $ext.oracle.ask({ n, by: args.by });
        }
        return total;"""
    )
    result = goes_on_elsewhere(worker, served)
    assert (result.status, result.return_value) == ("success", 60)


def test_executions_that_wait_do_not_see_each_other(worker: Worker, make: Make) -> None:
    served = make(
        """globalThis.mine = [args.name, Math.random()];
        $state.seen = args.name;
        const answer = await $ext.oracle.ask(args.name);
        return [mine[0], $state.seen, answer, typeof mine[1]];"""
    )
    names = [f"n{number}" for number in range(12)]
    waiting = {name: execute(worker, served, args={"name": name}) for name in names}
    assert worker.pool.suspended_count() == 12
    assert worker.pool.instances_created() == 1, "one instance served them all"
    with ThreadPoolExecutor(4) as threads:
        done = dict(
            threads.map(
                lambda name: (name, worker.resume(waiting[name], name * 2)), reversed(names)
            )
        )
    for name in names:
        assert done[name].return_value == [name, name, name * 2, "number"]
        assert waiting[name].state_mutations == [{"op": "set", "key": "seen", "value": name}]
        assert done[name].state_mutations == []


def test_an_image_is_small_and_counts(worker: Worker, make: Make) -> None:
    served = make("const kept = 'x'.repeat(300_000); await $ext.oracle.ask(); return kept.length;")
    small = make("await $ext.oracle.ask(); return 1;")
    suspension_id = id_of(execute(worker, small))
    instance = worker.pool.get_suspended(suspension_id)
    assert (instance.state, instance.suspension_id()) == (State.SUSPENDED, suspension_id)
    assert 0 < instance.memory_used() < 400_000
    large = execute(worker, served)
    assert worker.pool.get_suspended(id_of(large)).memory_used() > instance.memory_used() + 290_000
    with pytest.raises(InvalidState):
        instance.lend()
    assert worker.resume(large).return_value == 300_000


def test_memory_that_grew_is_there_again(worker: Worker, make: Make) -> None:
    served = make(
        """const kept = Array.from({ length: 200_000 }, (_, n) => `item ${n}`);
        const at = await $ext.oracle.ask(); return [kept.length, kept[at]];"""
    )
    results = [execute(worker, served) for _ in range(3)]
    assert [worker.resume(r, 199_999).return_value for r in results] == [
        [200_000, "item 199999"]
    ] * 3


def test_what_else_there_is_to_do_is_done_first(worker: Worker, make: Make) -> None:
    """A call that nobody awaits yet does not stop the rest; a later timer waits for the answer."""
    served = make(
        """const order = [];
        setTimeout(() => order.push("due"), 0);
        setTimeout(() => order.push("timer"), 60_000);
        const asked = $ext.oracle.ask(1).then((value) => order.push(value));
        await null;
        order.push("job");
        await asked;
        await new Promise((done) => setTimeout(done, 2));
        return order;"""
    )
    assert worker.resume(execute(worker, served), "answer").return_value == ["job", "due", "answer"]


def test_an_uncaught_error_ends_it(worker: Worker, make: Make) -> None:
    result = worker.resume(execute(worker, make("await $ext.oracle.ask();")), "gone", ok=False)
    assert result.error is not None
    assert (result.error["code"], "gone" in result.error["message"]) == ("EXECUTION_ERROR", True)


def test_a_denied_extension_is_not_asked(worker: Worker, make: Make) -> None:
    result = execute(worker, make("return await $ext.other.ask();"))
    assert result.error is not None
    assert result.error["code"] == "PERMISSION_DENIED"


def test_budgets_hold_over_all_turns(worker: Worker, make: Make) -> None:
    calls = make(
        "for (;;) { await $ext.oracle.ask(); for (let n = 0; n < 5; n++) $emit('x', n); }",
        limits=replace(LIMITS, max_host_calls=40),
    )
    result, turns = execute(worker, calls), 0
    while result.status == "suspended":
        result, turns = worker.resume(result), turns + 1
    assert result.error is not None
    assert (result.error["code"], turns < 10) == ("RESOURCE_LIMIT", True)
    spin = make("await $ext.oracle.ask(); for (;;);", limits=replace(LIMITS, cpu_timeout_s=0.1))
    result = worker.resume(execute(worker, spin))
    assert result.error is not None
    assert result.error["code"] == "CPU_LIMIT"


def test_cpu_and_wall_time_are_added_up(worker: Worker, make: Make) -> None:
    burn = "for (const end = Date.now() + 30; Date.now() < end;);"
    served = make(f"{burn} await $ext.oracle.ask(); {burn} return 1;")
    first = execute(worker, served)
    with ThreadPoolExecutor(1) as elsewhere:
        second = elsewhere.submit(worker.resume, first).result(20)
    assert first.metrics is not None
    assert second.metrics is not None
    assert second.metrics["cpu_us"] > first.metrics["cpu_us"] > 0
    assert second.metrics["duration_us"] >= first.metrics["duration_us"] + 20_000
    assert second.metrics["instruction_count"] > first.metrics["instruction_count"]


@pytest.mark.parametrize("isolation", list(Isolation))
def test_every_isolation(worker: Worker, make: Make, isolation: Isolation) -> None:
    served = make("const got = await $ext.oracle.ask(); return got + 1;", isolation=isolation)
    results = [execute(worker, served) for _ in range(4)]
    assert [worker.resume(result, n).return_value for n, result in enumerate(results)] == [
        1,
        2,
        3,
        4,
    ]


def test_one_wins_the_rest_is_told(worker: Worker, make: Make) -> None:
    served = make("return await $ext.oracle.ask();")
    for _ in range(5):
        result = execute(worker, served)
        together = threading.Barrier(4)

        def resume(n: int, of: ExecutionResult = result, at: threading.Barrier = together) -> bool:
            at.wait(10)
            try:
                return worker.resume(of, n).return_value == n
            except SuspensionConflict:
                return False

        with ThreadPoolExecutor(4) as threads:
            assert sum(threads.map(resume, range(4))) == 1
    assert worker.outcomes == ["resumed"] * 5


def test_expired_and_cancelled_ones_leave_nothing(scripts: Scripts, make: Make) -> None:
    worker = Worker(scripts.engine, make_guest=ABIS.guest_for, timeout_s=0.05)
    served = make("return await $ext.oracle.ask();")
    results = [execute(worker, served) for _ in range(4)]
    worker.until_idle()
    assert worker.outcomes == ["expired"] * 4
    assert [type(error) for _, error in worker.observed] == [SuspensionGone] * 4
    with pytest.raises(SuspensionGone):
        worker.resume(results[0])
    worker.close()


def test_there_is_room_for_so_many(scripts: Scripts, make: Make) -> None:
    worker = Worker(scripts.engine, make_guest=ABIS.guest_for, most=1)
    served = make("await $ext.oracle.ask(1); return await $ext.oracle.ask(2);")
    first = execute(worker, served)
    refused = execute(worker, served)
    assert refused.error is not None
    assert refused.error["code"] == "RESOURCE_LIMIT"
    assert worker.resume(worker.resume(first), 3).return_value == 3, "its own place is its own"
    worker.close()


def test_a_full_worker_keeps_it_suspended(scripts: Scripts, make: Make) -> None:
    worker = Worker(scripts.engine, make_guest=ABIS.guest_for, max_running=1)
    served = make("return await $ext.oracle.ask();", limits=replace(LIMITS, timeout_s=1.0))
    result = execute(worker, served)
    worker.admission.enter("other", 0, time.monotonic() + 5, 0, None)
    with pytest.raises(Overloaded):
        worker.resume(result)
    assert (worker.pool.suspended_count(), len(worker.book)) == (1, 1)
    worker.admission.leave("other", 0, None)
    assert worker.resume(result, 9).return_value == 9
    worker.close()
