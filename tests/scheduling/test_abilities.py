"""What a policy can do beside ordering, and that admission asks for nothing else."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from nexus.errors import ConcurrencyLimit, Overloaded
from nexus.plugin_api.scheduling import Ticket
from nexus.scheduling import Admission, Fifo

from .test_admission import later, until


class Recorder(Fifo):
    """Has every ability, and does what the test says."""

    def __init__(self) -> None:
        super().__init__()
        self.why: str | None = None
        self.victim: Ticket | None = None
        self.most = 100
        self.asked: list[tuple[str, int]] = []
        self.took: list[tuple[str, float, float]] = []

    def refuse(self, ticket: Ticket, running: int) -> str | None:
        self.asked.append((ticket.handler, running))
        return self.why

    def displace(self, ticket: Ticket) -> Ticket | None:
        return self.victim

    def finished(self, handler: str, wall_s: float, cpu_s: float) -> None:
        self.took.append((handler, wall_s, cpu_s))

    def limit(self, most: int) -> int:
        return min(most, self.most)


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as executor:
        yield executor


def admission(policy: Fifo, running: int = 1, queue: int = 10) -> Admission:
    return Admission(policy, max_running=running, max_queue=queue)


def test_who_finds_a_free_place_is_never_refused() -> None:
    policy = Recorder()
    policy.why = "not today"
    admitted = admission(policy)
    assert admitted.enter("a", 0, later()) == 0.0
    assert policy.asked == []


def test_who_would_have_to_wait_can_be_refused() -> None:
    policy = Recorder()
    policy.why = "not today"
    admitted = admission(policy)
    admitted.enter("a", 0, later())
    with pytest.raises(Overloaded, match="not today"):
        admitted.enter("b", 1, later())
    assert policy.asked == [("b", 1)]
    assert admitted.depth() == 0
    policy.why = None
    admitted.leave("a")
    assert admitted.enter("b", 1, later()) == 0.0


def test_a_full_queue_can_make_room(threads: ThreadPoolExecutor) -> None:
    policy = Recorder()
    admitted = admission(policy, queue=1)
    admitted.enter("a", 0, later())
    loses = threads.submit(admitted.enter, "b", 1, later())
    until(lambda: admitted.depth() == 1)
    with pytest.raises(Overloaded, match="1 requests are waiting"):
        admitted.enter("c", 0, later())
    policy.victim = policy._tickets[0]
    gets_in = threads.submit(admitted.enter, "c", 0, later())
    with pytest.raises(Overloaded, match="its place in the queue was given to another"):
        loses.result(10)
    policy.victim = None
    admitted.leave("a")
    assert gets_in.result(10) > 0
    admitted.leave("c")
    assert (admitted.running(), admitted.depth(), len(admitted._by_handler)) == (0, 0, 0)


def test_nobody_is_displaced_for_one_whose_handler_has_too_many(
    threads: ThreadPoolExecutor,
) -> None:
    policy = Recorder()
    admitted = admission(policy, queue=1)
    admitted.enter("a", 1, later())
    stays = threads.submit(admitted.enter, "b", 0, later())
    until(lambda: admitted.depth() == 1)
    policy.victim = policy._tickets[0]
    with pytest.raises(ConcurrencyLimit):
        admitted.enter("a", 1, later())
    admitted.leave("a", 1)
    assert stays.result(10) > 0


def test_a_limit_that_shrinks_holds_back(threads: ThreadPoolExecutor) -> None:
    policy = Recorder()
    admitted = admission(policy, running=3)
    for _ in range(3):
        admitted.enter("a", 0, later())
    assert admitted.limit() == 3
    policy.most = 1
    assert admitted.limit() == 1
    waiting = threads.submit(admitted.enter, "b", 0, later())
    until(lambda: admitted.depth() == 1)
    admitted.leave("a")
    admitted.leave("a")
    assert (admitted.running(), admitted.depth()) == (1, 1)
    admitted.leave("a")
    assert waiting.result(10) > 0
    assert admitted.running() == 1


def test_a_limit_that_grows_lets_several_in(threads: ThreadPoolExecutor) -> None:
    policy = Recorder()
    policy.most = 1
    admitted = admission(policy, running=3)
    admitted.enter("a", 0, later())
    waiting = [threads.submit(admitted.enter, "b", 0, later()) for _ in range(4)]
    until(lambda: admitted.depth() == 4)
    policy.most = 100
    admitted.leave("a")
    until(lambda: sum(future.done() for future in waiting) == 3)
    assert (admitted.running(), admitted.depth()) == (3, 1)
    for _ in range(4):
        admitted.leave("b")
    assert admitted.wait_idle(0.0)


def test_what_requests_took_is_told_before_the_next_is_chosen() -> None:
    policy = Recorder()
    admitted = admission(policy)
    assert admitted.measures
    admitted.enter("a", 0, later())
    admitted.leave("a", 0, (0.5, 0.25))
    assert policy.took == [("a", 0.5, 0.25)]


def test_what_a_policy_leaves_as_it_is_costs_nothing() -> None:
    admitted = admission(Fifo())
    assert not admitted.measures
    assert not admitted.holds_back
    assert admitted.limit() == 1
    assert (admitted._refuse, admitted._displace, admitted._limit) == (None, None, None)


def test_weights_that_change_count_for_those_that_come(threads: ThreadPoolExecutor) -> None:
    policy = Recorder()
    admitted = admission(policy)
    admitted.enter("a", 0, later())
    waiting = [threads.submit(admitted.enter, "a", 0, later())]
    until(lambda: admitted.depth() == 1)
    admitted.reweigh({"a": 3.0})
    waiting.append(threads.submit(admitted.enter, "a", 0, later()))
    until(lambda: admitted.depth() == 2)
    assert [ticket.weight for ticket in policy._tickets] == [1.0, 3.0]
    for _ in range(3):
        admitted.leave("a")
    assert all(future.result(10) > 0 for future in waiting)


def test_wait_idle_is_told_where_there_is_a_limit(threads: ThreadPoolExecutor) -> None:
    admitted = admission(Recorder())
    admitted.enter("a", 0, later())
    idle = threads.submit(admitted.wait_idle, 20)
    until(lambda: admitted._watched == 1)
    admitted.leave("a")
    assert idle.result(10)


class Broken(Fifo):
    """A policy that does what none may."""

    def push(self, ticket: Ticket) -> None:
        raise ZeroDivisionError

    def pop(self) -> Ticket | None:
        raise ZeroDivisionError


def test_a_policy_that_raises_costs_requests_but_no_place() -> None:
    admitted = admission(Broken())
    admitted.enter("a", 2, later())
    with pytest.raises(ZeroDivisionError):
        admitted.enter("a", 2, later())
    admitted.leave("a", 2)  # that request has its answer already
    assert (admitted.running(), len(admitted._by_handler)) == (0, 0)


class Lifo(Fifo):
    """Displaces the newest, always; with `limit`, so that all abilities are in use at once."""

    def displace(self, ticket: Ticket) -> Ticket | None:
        return self._tickets[-1] if self._tickets else None

    def limit(self, most: int) -> int:
        return 1 + int(time.monotonic() * 1000) % most


@pytest.mark.parametrize("seed", range(3))
def test_no_place_is_lost_when_all_race(seed: int) -> None:
    """Twelve threads, a limit that moves, a queue that displaces, deadlines as long as a turn."""
    admitted = admission(Lifo(), running=3, queue=4)
    together = threading.Barrier(12)

    def work(number: int) -> int:
        ended = 0
        together.wait(20)
        for turn in range(40):
            timeout_s = ((number * 5 + turn * 3 + seed) % 7) * 0.0003
            name = f"h{(number + turn) % 3}"
            try:
                admitted.enter(name, 9, later(timeout_s))
            except (Overloaded, ConcurrencyLimit):
                ended += 1
                continue
            time.sleep(0.0002)  # a run; it gives the GIL up
            admitted.leave(name, 9)
            ended += 1
        return ended

    with ThreadPoolExecutor(12) as threads:
        assert list(threads.map(work, range(12))) == [40] * 12
    assert (admitted.running(), admitted.depth(), len(admitted._by_handler)) == (0, 0, 0)
