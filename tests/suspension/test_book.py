"""The book of suspended runs: each ends once, and none is forgotten."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from nexus.errors import (
    NexusError,
    Overloaded,
    ResourceLimit,
    ShuttingDown,
    SuspensionConflict,
    SuspensionGone,
)
from nexus.model import ExecutionResult, ExtensionAnswer, SuspensionInfo
from nexus.suspension import agenda, book, sentences
from nexus.suspension.book import SuspensionBook


class Parked:
    """A suspended run that notes why it ended."""

    patience_s = 0.05

    def __init__(self, execution_id: str = "x") -> None:
        self.execution_id = execution_id
        self.reasons: list[NexusError] = []
        self.ended = threading.Event()
        self.woken: queue.SimpleQueue[float] = queue.SimpleQueue()

    def go_on(self, suspension_id: str, answer: ExtensionAnswer) -> ExecutionResult:
        raise AssertionError("nobody here goes on")

    def wake(self) -> None:
        self.woken.put(time.monotonic())

    def end(self, reason: NexusError) -> None:
        self.reasons.append(reason)
        self.ended.set()


class Book(SuspensionBook):
    """One that counts how its runs ended, and can wait for its thread."""

    def __init__(self, timeout_s: float, most: int = 10) -> None:
        self.counted: list[str] = []
        super().__init__(most, timeout_s, self.counted.append)

    def enter(self, *names: str, run: Parked | None = None, wake_s: float | None = None) -> Parked:
        run = run or Parked()
        self.add(run, [SuspensionInfo(n, "h", "x", "e", "m", [], 0.0, 0.0) for n in names], wake_s)
        return run

    def answered(self, name: str) -> Parked:
        """Claim, continue and end the run that has asked *name*."""
        run = self.claim(name)
        self.continues(run)
        self.leave(run)
        assert isinstance(run, Parked)
        return run

    def wait_until_it_sleeps(self) -> None:
        """Until the thread has found nothing that can expire."""
        deadline = time.monotonic() + 10
        while not self._sleeping:
            assert time.monotonic() < deadline
            time.sleep(0.001)

    def names(self) -> list[str]:
        return [info.id for info in self.infos()]


@pytest.fixture
def make() -> Iterator[Callable[..., Book]]:
    made: list[Book] = []

    def make(timeout_s: float = 60.0, most: int = 10) -> Book:
        made.append(Book(timeout_s, most))
        return made[-1]

    yield make
    for one in made:
        one.close()


Make = Callable[..., Book]


def test_an_expired_run_ends(make: Make) -> None:
    suspended = make(timeout_s=0.0)
    run = suspended.enter("a")
    suspended.start()
    assert run.ended.wait(10)
    assert [str(reason) for reason in run.reasons] == ["not resumed within 0 s"]
    assert suspended.counted == ["expired"]
    with pytest.raises(SuspensionGone, match="expired or was cancelled"):
        suspended.claim("a")


def test_the_thread_wakes_for_the_first_run(make: Make) -> None:
    suspended = make(timeout_s=0.0)
    suspended.start()
    suspended.wait_until_it_sleeps()
    assert suspended.enter("a").ended.wait(10)


def test_one_that_is_given_back_late_expires(make: Make) -> None:
    """Nothing else wakes the thread: it has gone to sleep without a time to wake at."""
    suspended = make(timeout_s=0.0)
    run = suspended.enter("a")
    suspended.claim("a")
    suspended.start()
    suspended.wait_until_it_sleeps()
    assert suspended.give_back(run)
    assert run.ended.wait(10)
    assert suspended.counted == ["expired"]


def test_a_claimed_one_does_not_expire_but_those_after_it_do(make: Make) -> None:
    suspended = make(timeout_s=0.0)
    claimed, other = suspended.enter("claimed"), suspended.enter("other")
    suspended.claim("claimed")
    suspended.start()
    assert other.ended.wait(10)
    suspended.wait_until_it_sleeps()
    assert not claimed.reasons
    suspended.continues(claimed)
    assert suspended.counted == ["expired", "resumed"]


def test_a_claimed_one_does_not_hide_when_the_next_expires(make: Make) -> None:
    suspended = make(timeout_s=60.0)
    for name in ("claimed", "other"):
        suspended.enter(name)
    suspended.claim("claimed")
    next_s = suspended._next_in()
    assert next_s is not None
    assert 0 < next_s <= 60
    suspended.claim("other")
    assert suspended._next_in() is None


def test_the_oldest_that_were_resumed_are_forgotten_first(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sentences, "MOST", 2)
    suspended = make()
    for name in ("oldest", "middle", "newest"):
        suspended.enter(name)
        suspended.answered(name)
    for name in ("middle", "newest"):
        with pytest.raises(SuspensionConflict, match="was resumed already"):
            suspended.claim(name)
    with pytest.raises(SuspensionGone):
        suspended.claim("oldest")


def test_one_claim_wins(make: Make) -> None:
    suspended = make()
    run = suspended.enter("a")
    assert suspended.claim("a") is run
    for call in (suspended.claim, suspended.cancel):
        with pytest.raises(SuspensionConflict):
            call("a")
    assert suspended.names() == []
    assert suspended.give_back(run)
    assert suspended.names() == ["a"]
    assert suspended.claim("a") is run


def test_a_cancelled_one_ends_and_is_gone(make: Make) -> None:
    suspended = make()
    run = suspended.enter("a")
    suspended.cancel("a")
    assert [type(reason) for reason in run.reasons] == [SuspensionGone]
    assert (suspended.counted, len(suspended)) == (["cancelled"], 0)
    with pytest.raises(SuspensionGone):
        suspended.cancel("a")


def test_there_is_room_for_so_many_claimed_ones_included(make: Make) -> None:
    suspended = make(most=2)
    for name in ("a", "b"):
        suspended.check_room(Parked())
        suspended.enter(name)
    run = suspended.claim("a")
    for call in (lambda: suspended.check_room(Parked()), lambda: suspended.enter("c")):
        with pytest.raises(ResourceLimit, match="2 executions are suspended already"):
            call()
    suspended.continues(run)
    with pytest.raises(ResourceLimit):  # it may be suspended again
        suspended.enter("c")
    suspended.check_room(run)
    suspended.leave(run)
    suspended.enter("c")
    assert suspended.names() == ["b", "c"]


def test_closed_it_ends_all_but_the_claimed_and_lets_none_in(make: Make) -> None:
    suspended = make()
    suspended.start()
    claimed, other = suspended.enter("claimed"), suspended.enter("other")
    suspended.claim("claimed")
    suspended.close()
    assert [type(reason) for reason in other.reasons] == [ShuttingDown]
    assert not claimed.reasons
    assert not suspended.give_back(claimed)  # its claimer ends it
    assert (suspended.counted, len(suspended)) == (["shutdown"], 0)
    for call in (lambda: suspended.check_room(Parked()), lambda: suspended.enter("late")):
        with pytest.raises(ShuttingDown):
            call()


# ---- several questions ------------------------------------------------------------------------


def test_each_question_is_answered_once_in_any_order(make: Make) -> None:
    suspended = make()
    run = suspended.enter("a", "b", "c")
    for name, left in (("b", ["a", "c"]), ("c", ["a"]), ("a", [])):
        assert suspended.claim(name) is run
        suspended.continues(run)
        with pytest.raises(SuspensionConflict, match="was resumed already"):
            suspended.claim(name)
        assert suspended.names() == left
        if left:
            suspended.enter(*left, run=run)
    assert len(suspended) == 1, "it may ask again"
    suspended.leave(run)
    assert (suspended.counted, len(suspended)) == (["resumed"] * 3, 0)


def test_an_answer_waits_for_the_one_before(make: Make) -> None:
    suspended = make()
    run = suspended.enter("a", "b")
    suspended.claim("a")
    with pytest.raises(Overloaded, match="busy with a timer or with another answer"):
        suspended.claim("b")
    run.patience_s = 20.0
    claimed: queue.SimpleQueue[object] = queue.SimpleQueue()
    second = threading.Thread(target=lambda: claimed.put(suspended.claim("b")))
    second.start()
    suspended.continues(run)
    assert claimed.empty(), "it continues with the first"
    suspended.enter("b", run=run)
    assert claimed.get(timeout=10) is run
    second.join()


def test_a_late_answer_is_told_where_the_result_is(make: Make) -> None:
    suspended = make()
    run = suspended.enter("a", "b")
    suspended.answered("a")
    for call in (suspended.claim, suspended.cancel):
        with pytest.raises(
            SuspensionConflict, match=r"ended without this answer.*/v1/executions/x"
        ):
            call("b")
    suspended.leave(run)  # again: it does nothing
    assert suspended.counted == ["resumed"]


def test_the_first_question_to_expire_ends_the_run(make: Make) -> None:
    suspended = make(timeout_s=0.05)
    run = suspended.enter("a", "b")
    suspended.claim("b")
    suspended.continues(run)
    suspended.enter("a", "new", run=run)
    suspended.start()
    assert run.ended.wait(10)
    assert (suspended.counted, suspended.names()) == (["resumed", "expired"], [])
    with pytest.raises(SuspensionGone):
        suspended.claim("new")


def test_cancelling_one_question_ends_the_run(make: Make) -> None:
    suspended = make()
    run = suspended.enter("a", "b")
    suspended.cancel("b")
    assert run.ended.is_set()
    assert (suspended.names(), len(suspended)) == ([], 0)


# ---- timers -----------------------------------------------------------------------------------


def test_a_run_is_woken_when_its_timer_is_due(make: Make) -> None:
    suspended = make()
    suspended.start()
    suspended.wait_until_it_sleeps()
    began = time.monotonic()
    run = suspended.enter("a", wake_s=0.1)
    assert run.woken.get(timeout=10) - began >= 0.1
    assert suspended.names() == ["a"], "its question is open"
    suspended.enter("a", run=run)
    assert suspended.answered("a") is run
    assert suspended.counted == ["resumed"]


def test_a_run_is_woken_no_sooner_than_allowed(make: Make) -> None:
    suspended = make()
    suspended.start()
    began = time.monotonic()
    run = suspended.enter("a", wake_s=-5.0)
    assert run.woken.get(timeout=10) - began >= book.WAKE_INTERVAL_S


def test_an_answer_before_the_timer_comes_first(make: Make) -> None:
    suspended = make()
    suspended.start()
    run = suspended.enter("a", wake_s=0.05)
    suspended.claim("a")
    suspended.wait_until_it_sleeps()
    assert run.woken.empty()


def test_an_answer_waits_while_timers_run(make: Make) -> None:
    suspended = make()
    suspended.start()
    run = suspended.enter("a", wake_s=0.0)
    run.woken.get(timeout=10)
    with pytest.raises(Overloaded):
        suspended.claim("a")
    assert suspended.give_back(run, 60.0)
    assert suspended.claim("a") is run


def test_a_run_that_a_timer_ended(make: Make) -> None:
    suspended = make()
    suspended.start()
    run = suspended.enter("a", wake_s=0.0)
    run.woken.get(timeout=10)
    suspended.continues(run)
    suspended.leave(run)
    assert (suspended.counted, len(suspended)) == (["ended"], 0)
    with pytest.raises(SuspensionConflict, match="ended without this answer"):
        suspended.claim("a")


def test_so_many_run_their_timers_at_once(make: Make) -> None:
    suspended = make()
    suspended.start()
    woken: queue.SimpleQueue[Parked] = queue.SimpleQueue()

    class Waking(Parked):
        def wake(self) -> None:
            woken.put(self)

    for name in "abcd":
        suspended.enter(name, run=Waking(name), wake_s=0.0)
    first = [woken.get(timeout=10) for _ in range(book.MOST_WAKING)]
    with pytest.raises(queue.Empty):
        woken.get(timeout=5 * book.WAKE_INTERVAL_S)
    for run in first:
        suspended.leave(run)
    rest = {woken.get(timeout=10).execution_id for _ in range(2)}
    assert rest | {run.execution_id for run in first} == set("abcd")


def test_a_run_that_ticks_leaves_nothing_behind(make: Make) -> None:
    """The heap keeps no entries of runs that ended: each would hold its guest."""
    suspended = make()
    run = suspended.enter("a")
    for _ in range(1000):
        suspended.claim("a")
        suspended.give_back(run)
    assert len(suspended._agenda) <= 1 + agenda.OUTDATED
