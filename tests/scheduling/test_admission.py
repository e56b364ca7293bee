"""Admission: who runs, who waits, who is turned away, and that no place is ever lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from nexus.errors import AdmissionError, ConcurrencyLimit, Overloaded, ShuttingDown
from nexus.plugin_api.scheduling import Ticket
from nexus.scheduling import Admission, Fifo


def admission(running: int = 1, queue: int = 10) -> Admission:
    return Admission(Fifo(), max_running=running, max_queue=queue)


def later(timeout_s: float = 20.0) -> float:
    return time.monotonic() + timeout_s


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.0005)


def test_a_free_place_is_taken_at_once() -> None:
    admitted = admission(2)
    assert admitted.enter("a", 0, later()) == 0.0
    assert admitted.enter("b", 0, later()) == 0.0
    assert (admitted.running(), admitted.depth()) == (2, 0)
    admitted.leave("a", 0)
    admitted.leave("b", 0)
    assert (admitted.running(), admitted.depth()) == (0, 0)


def test_a_free_place_is_given_whatever_the_deadline() -> None:
    """The watchdog ends such a run; here nothing is waited for."""
    assert admission().enter("a", 0, later(-1)) == 0.0


def test_a_full_queue_turns_away() -> None:
    admitted = admission(1, queue=0)
    admitted.enter("a", 0, later())
    with pytest.raises(Overloaded, match="0 requests are waiting") as caught:
        admitted.enter("a", 0, later())
    assert caught.value.retry_after_s >= 1
    admitted.leave("a", 0)
    assert admitted.enter("a", 0, later()) == 0.0


def test_the_bound_of_the_queue_is_exact() -> None:
    admitted = admission(1, queue=3)
    admitted.enter("a", 0, later())
    with ThreadPoolExecutor(3) as threads:
        waiting = [threads.submit(admitted.enter, "a", 0, later()) for _ in range(3)]
        until(lambda: admitted.depth() == 3)
        with pytest.raises(Overloaded, match="3 requests are waiting already"):
            admitted.enter("a", 0, later())
        for _ in range(4):
            admitted.leave("a", 0)
        assert all(future.result(10) > 0 for future in waiting)
    assert (admitted.running(), admitted.depth()) == (0, 0)


def test_the_deadline_ends_the_wait() -> None:
    admitted = admission()
    admitted.enter("a", 0, later())
    began = time.monotonic()
    with pytest.raises(Overloaded, match="the deadline passed while waiting in the queue"):
        admitted.enter("b", 1, later(0.03))
    assert 0.03 <= time.monotonic() - began < 5
    assert admitted.depth() == 0
    admitted.leave("a", 0)
    assert admitted.enter("b", 1, later()) == 0.0


def test_first_come_first_served() -> None:
    admitted = admission()
    admitted.enter("0", 0, later())
    order: list[str] = []

    def serve(name: str) -> None:
        admitted.enter(name, 0, later())
        order.append(name)
        admitted.leave(name, 0)

    with ThreadPoolExecutor(5) as threads:
        futures: list[Future[None]] = []
        for number in range(5):
            futures.append(threads.submit(serve, str(number)))
            until(lambda number=number: admitted.depth() == number + 1)  # type: ignore[misc]
        admitted.leave("0", 0)
        for future in futures:
            future.result(10)
    assert order == ["0", "1", "2", "3", "4"]


def test_max_concurrency_counts_who_waits_too() -> None:
    admitted = admission()
    admitted.enter("a", 2, later())
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(admitted.enter, "a", 2, later())
        until(lambda: admitted.depth() == 1)
        with pytest.raises(ConcurrencyLimit, match=r"2 executions of 'a' .* its limit is 2") as got:
            admitted.enter("a", 2, later())
        assert got.value.retry_after_s >= 1
        admitted.leave("a", 2)
        waiting.result(10)
    admitted.leave("a", 2)
    assert admitted.enter("a", 1, later()) == 0.0


def test_max_concurrency_is_each_handlers_own() -> None:
    admitted = admission(3)
    admitted.enter("a", 1, later())
    admitted.enter("b", 1, later())
    for name in ("a", "b"):
        with pytest.raises(ConcurrencyLimit):
            admitted.enter(name, 1, later())
    admitted.leave("a", 1)
    assert admitted.enter("a", 1, later()) == 0.0


def test_who_is_turned_away_leaves_nothing_behind() -> None:
    admitted = admission(1, queue=0)
    admitted.enter("a", 0, later())
    for _ in range(3):
        with pytest.raises(Overloaded):
            admitted.enter("b", 1, later())
    admitted.leave("a", 0)
    assert not admitted._by_handler


def test_closed_it_turns_new_ones_away_and_lets_others_finish() -> None:
    admitted = admission()
    admitted.enter("a", 0, later())
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(admitted.enter, "b", 0, later())
        until(lambda: admitted.depth() == 1)
        admitted.close()
        with pytest.raises(ShuttingDown):
            admitted.enter("c", 0, later())
        assert not admitted.wait_idle(0.01)
        admitted.leave("a", 0)
        assert waiting.result(10) > 0
    assert not admitted.wait_idle(0.0)
    admitted.leave("b", 0)
    assert admitted.wait_idle(0.0)


def test_wait_idle_wakes_with_the_last_to_leave() -> None:
    admitted = admission(2)
    admitted.enter("a", 0, later())
    admitted.enter("a", 0, later())
    with ThreadPoolExecutor(1) as threads:
        idle = threads.submit(admitted.wait_idle, 20)
        admitted.leave("a", 0)
        assert not idle.done()
        admitted.leave("a", 0)
        assert idle.result(10)


class Hesitant(Ticket):
    """A ticket whose waiter, out of time, comes to the lock only when it is let."""

    timed_out = threading.Event()
    go_on = threading.Event()

    def wait(self, timeout_s: float) -> None:
        super().wait(timeout_s)
        self.timed_out.set()
        assert self.go_on.wait(20)


def test_admitted_exactly_when_it_gives_up_it_is_admitted() -> None:
    Hesitant.timed_out, Hesitant.go_on = threading.Event(), threading.Event()
    admitted = Admission(Fifo(), max_running=1, max_queue=10, ticket=Hesitant)
    admitted.enter("a", 0, later())
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(admitted.enter, "b", 0, later(0.01))
        assert Hesitant.timed_out.wait(10)
        admitted.leave("a", 0)  # the place is b's from here on, though its time is up
        Hesitant.go_on.set()
        assert waiting.result(10) > 0
    assert (admitted.running(), admitted.depth()) == (1, 0)
    admitted.leave("b", 0)
    assert admitted.wait_idle(0.0)


@pytest.mark.parametrize("seed", range(5))
def test_no_place_is_lost_when_deadlines_and_leaving_race(seed: int) -> None:
    """Twelve threads over two places, with deadlines about as long as a turn takes."""
    admitted = admission(2, queue=8)
    together = threading.Barrier(12)
    inside: set[int] = set()
    guard = threading.Lock()

    def work(number: int) -> tuple[int, int]:
        served = turned_away = 0
        together.wait(20)
        for turn in range(40):
            name = f"h{(number + turn) % 3}"
            timeout_s = ((number * 5 + turn * 3 + seed) % 7) * 0.0003
            try:
                admitted.enter(name, 6, later(timeout_s))
            except AdmissionError:
                turned_away += 1
                continue
            with guard:
                inside.add(number)
                assert len(inside) <= 2
            time.sleep(0.0002)  # a run; it gives the GIL up
            with guard:
                inside.remove(number)
            admitted.leave(name, 6)
            served += 1
        return served, turned_away

    with ThreadPoolExecutor(12) as threads:
        results = list(threads.map(work, range(12)))
    assert all(served + turned_away == 40 for served, turned_away in results)
    assert sum(served for served, _ in results) >= 2
    assert (admitted.running(), admitted.depth(), len(admitted._by_handler)) == (0, 0, 0)
    assert admitted.wait_idle(0.0)
    assert [admitted.enter("a", 0, later()) for _ in range(2)] == [0.0, 0.0]


def test_larger_bounds_let_those_in_who_wait() -> None:
    admitted = admission(1, queue=2)
    admitted.enter("a", 0, later())
    with ThreadPoolExecutor(2) as threads:
        waiting = [threads.submit(admitted.enter, "a", 0, later()) for _ in range(2)]
        until(lambda: admitted.depth() == 2)
        admitted.resize(max_running=3, max_queue=2)
        assert all(future.result(10) > 0 for future in waiting)
    assert (admitted.running(), admitted.depth()) == (3, 0)


def test_smaller_bounds_count_from_the_next_request_on() -> None:
    admitted = admission(2, queue=2)
    for _ in range(2):
        admitted.enter("a", 0, later())
    with ThreadPoolExecutor(2) as threads:
        waiting = [threads.submit(admitted.enter, "a", 0, later()) for _ in range(2)]
        until(lambda: admitted.depth() == 2)
        admitted.resize(max_running=1, max_queue=1)
        with pytest.raises(Overloaded, match="2 requests are waiting already"):
            admitted.enter("a", 0, later())
        admitted.leave("a", 0)
        assert (admitted.running(), admitted.depth()) == (1, 2)
        for _ in range(2):
            admitted.leave("a", 0)
            assert admitted.running() == 1
        assert all(future.result(10) > 0 for future in waiting)
    admitted.leave("a", 0)
    assert admitted.wait_idle(0)


class Faulty(Fifo):
    """A policy of a plugin that raises where it must not."""

    def __init__(self, step: str) -> None:
        super().__init__()
        self._step = step

    def finished(self, handler: str, wall_s: float, cpu_s: float) -> None:
        if self._step == "finished":
            raise SystemExit("bye")

    def pop(self) -> Ticket | None:
        if self._step == "pop":
            raise SystemExit("bye")
        return super().pop()


@pytest.mark.parametrize("step", ["finished", "pop"])
def test_a_policy_that_raises_fails_no_request_that_ends(
    step: str, caplog: pytest.LogCaptureFixture
) -> None:
    policy = Faulty(step)
    admitted = Admission(policy, max_running=1, max_queue=10)
    assert admitted.measures
    admitted.enter("a", 0, later())
    with ThreadPoolExecutor() as threads:
        waiting = threads.submit(admitted.enter, "b", 0, later())
        until(lambda: admitted.depth() == 1)
        admitted.leave("a", 0, (1.0, 1.0))
        if step == "pop":  # nobody was let in: the next that leaves may be luckier
            policy._step = ""
            admitted.enter("c", 0, later())
            admitted.leave("c", 0, (1.0, 1.0))
        assert waiting.result(10) > 0
    assert caplog.messages == ["the scheduling policy failed"]
    assert admitted.running() == 1
