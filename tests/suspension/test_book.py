"""The book of suspended runs: each ends once, and none is forgotten."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from nexus.errors import (
    NexusError,
    ResourceLimit,
    ShuttingDown,
    SuspensionConflict,
    SuspensionGone,
)
from nexus.model import ExecutionResult, ExtensionAnswer, SuspensionInfo
from nexus.suspension import book
from nexus.suspension.book import SuspensionBook


class Parked:
    """A suspended run that notes why it ended."""

    def __init__(self) -> None:
        self.reasons: list[NexusError] = []
        self.ended = threading.Event()

    def go_on(self, answer: ExtensionAnswer) -> ExecutionResult:
        raise AssertionError("nobody here goes on")

    def end(self, reason: NexusError) -> None:
        self.reasons.append(reason)
        self.ended.set()


class Book(SuspensionBook):
    """One that counts how its runs ended, and can wait for its thread."""

    def __init__(self, timeout_s: float, most: int = 10) -> None:
        self.counted: list[str] = []
        super().__init__(most, timeout_s, self.counted.append)

    def enter(self, name: str) -> Parked:
        run = Parked()
        self.add(SuspensionInfo(name, "h", "x", "e", "m", [], 0.0, 0.0), run)
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
    assert suspended.give_back("a")
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
    suspended.resumed("claimed")
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
    monkeypatch.setattr(book, "_REMEMBERED", 2)
    suspended = make()
    for name in ("oldest", "middle", "newest"):
        suspended.enter(name)
        suspended.claim(name)
        suspended.resumed(name)
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
    assert suspended.give_back("a")
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
        suspended.check_room()
        suspended.enter(name)
    suspended.claim("a")
    for call in (suspended.check_room, lambda: suspended.enter("c")):
        with pytest.raises(ResourceLimit, match="2 executions are suspended already"):
            call()
    suspended.resumed("a")
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
    assert not suspended.give_back("claimed")  # its claimer ends it
    assert (suspended.counted, len(suspended)) == (["shutdown"], 0)
    for call in (suspended.check_room, lambda: suspended.enter("late")):
        with pytest.raises(ShuttingDown):
            call()
