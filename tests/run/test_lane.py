"""Turns in the slow lane: whose is next, in what proportion, and who gives up."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from nexus.run.lane import BUSY_INTERVAL_S, IDLE_INTERVAL_S, SHORT_S, SlowLane
from nexus.run.shares import Share
from tests.support import until

SLICE_S = 0.0005


@pytest.fixture(autouse=True)
def switch_interval() -> Iterator[None]:
    before = sys.getswitchinterval()
    yield
    sys.setswitchinterval(before)


def later(seconds: float = 20.0) -> float:
    return time.monotonic() + seconds


def compete(lane: SlowLane, shares: dict[str, Share], turns: int, of: list[str]) -> Counter[str]:
    """Let one thread for each name in *of* take turns, *turns* in all; count who got them."""
    taken: Counter[str] = Counter()
    together = threading.Barrier(len(of))
    guard, all_in = threading.Lock(), threading.Event()
    inside = 0

    def work(name: str) -> None:
        nonlocal inside
        share = shares[name]
        together.wait(20)
        assert lane.enter(share, later())
        # The first one waits until all others wait for their turn.
        until(lambda: all_in.is_set() or lane._long == len(of))
        all_in.set()
        while True:
            with guard:
                inside += 1
                assert inside == 1, "one at a time"
                done = taken.total() >= turns
                taken[name] += not done
                inside -= 1
            if done:
                lane.leave(share, SLICE_S)
                return
            assert lane.pass_on(share, SLICE_S, later())

    threads = [threading.Thread(target=work, args=(name,)) for name in of]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return taken


def test_requests_are_weights() -> None:
    taken = compete(SlowLane(), {"a": Share(0.3), "b": Share(0.1)}, 4000, ["a", "b"])
    assert taken["a"] / taken["b"] == pytest.approx(3, rel=0.1)


def test_a_handler_gets_no_more_by_running_more_often() -> None:
    taken = compete(SlowLane(), {"a": Share(0.1), "b": Share(0.1)}, 4000, ["a"] * 5 + ["b"])
    assert taken["a"] / taken["b"] == pytest.approx(1, rel=0.1)


def test_a_newcomer_does_not_make_up_for_its_absence() -> None:
    lane, old, new = SlowLane(), Share(0.1), Share(0.1)
    assert lane.enter(old, later())
    old.virtual_s = 1000.0
    lane._reached_s = 1000.0
    lane.leave(old, 0.0)
    assert lane.enter(new, later())
    assert new.virtual_s == 1000.0
    lane.leave(new, 0.0)


def test_alone_it_keeps_its_turn() -> None:
    lane, share = SlowLane(), Share(0.1)
    assert lane.enter(share, later())
    assert all(lane.pass_on(share, SLICE_S, later(-1)) for _ in range(10))
    lane.leave(share, 0.0)


def test_who_waits_too_long_gives_up_and_leaves_nothing_behind() -> None:
    lane, holder, other = SlowLane(), Share(0.1), Share(0.1)
    assert lane.enter(holder, later())
    assert not lane.enter(other, later(0.01))
    assert (other.members, lane._waiting, lane._long) == (0, [], 1)
    assert lane.pass_on(holder, SLICE_S, later())
    lane.leave(holder, 0.0)
    assert lane.enter(other, later(0))
    lane.leave(other, 0.0)
    assert (lane._long, lane._free) == (0, 1)


def test_the_switch_interval_is_short_only_while_somebody_is_in_it() -> None:
    lane, share = SlowLane(2), Share(0.1)
    sys.setswitchinterval(IDLE_INTERVAL_S)
    assert lane.enter(share, later())
    assert lane.enter(share, later())
    lane.leave(share, 0.0)
    assert sys.getswitchinterval() == pytest.approx(BUSY_INTERVAL_S)
    lane.leave(share, 0.0)
    assert sys.getswitchinterval() == pytest.approx(IDLE_INTERVAL_S)


def entering(lane: SlowLane, share: Share) -> tuple[threading.Thread, threading.Event]:
    """Let a thread enter *lane*, where its turn waits for short requests; the event is set once it
    has the turn."""
    entered = threading.Event()

    def enter() -> None:
        assert lane.enter(share, later())
        entered.set()

    thread = threading.Thread(target=enter)
    thread.start()
    until(lambda: lane._yielding > 0)
    return thread, entered


def test_a_turn_waits_for_short_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nexus.run.lane.GIVE_WAY_S", 20.0)
    monkeypatch.setattr("nexus.run.lane.SHORT_S", 20.0)  # the thread may begin late
    lane, share = SlowLane(), Share(0.1)
    for _ in range(3):
        lane.request_begins()  # two short ones, and the one that turns out to be long
    thread, took_turn = entering(lane, share)
    lane.request_ends()
    assert not took_turn.is_set()
    lane.request_ends()
    assert took_turn.wait(20)
    thread.join(20)
    lane.leave(share, 0.0)
    lane.request_ends()
    assert (lane._short, lane._yielding) == (0, 0)


def test_a_turn_waits_for_who_may_ask_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nexus.run.lane.GIVE_WAY_S", 20.0)
    monkeypatch.setattr("nexus.run.lane.QUIET_S", 0.1)
    lane, share = SlowLane(), Share(0.1)
    lane.request_begins()
    lane.request_begins()
    before = time.monotonic()
    lane.request_ends()
    assert lane.enter(share, later())
    assert time.monotonic() - before >= 0.1


def test_no_turn_waits_for_a_request_that_waits_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nexus.run.lane.GIVE_WAY_S", 20.0)
    lane, share = SlowLane(), Share(0.1)
    for _ in range(2):
        lane.request_begins()
    lane._begun_s -= SHORT_S  # as if that had been a while ago
    began = time.monotonic()
    assert lane.enter(share, later())
    assert lane.pass_on(share, SLICE_S, later())
    assert time.monotonic() - began < 10


def test_no_turn_waits_for_an_execution_that_is_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nexus.run.lane.GIVE_WAY_S", 20.0)
    monkeypatch.setattr("nexus.run.lane.SHORT_S", 20.0)
    lane, share = SlowLane(), Share(0.1)
    for _ in range(3):
        lane.request_begins()
    thread, entered = entering(lane, share)
    lane.goes_out()
    assert not entered.is_set()
    lane.goes_out()
    assert entered.wait(20)
    thread.join(20)
    lane.leave(share, 0.0)
    for _ in range(2):
        assert lane.enter(share, later(), returns=True)
        lane.leave(share, 0.0)
    for _ in range(3):
        lane.request_ends()
    assert (lane._short, lane._long) == (0, 0)


def test_those_that_come_back_take_turns() -> None:
    lane, share = SlowLane(), Share(0.1)
    lane.request_begins()
    lane.goes_out()
    assert lane.enter(share, later())
    assert not lane.enter(share, later(0.01), returns=True)
    lane.leave(share, 0.0)
    assert lane.enter(share, later())
    lane.leave(share, 0.0)
    lane.request_ends()
    assert lane._long == 0


def test_a_turn_waits_for_a_flood_no_longer_than_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nexus.run.lane.GIVE_WAY_S", 0.01)
    lane, share = SlowLane(), Share(0.1)
    for _ in range(100):
        lane.request_begins()
    began = time.monotonic()
    assert lane.enter(share, later())
    assert time.monotonic() - began >= 0.01
    assert lane.pass_on(share, SLICE_S, later())


def test_no_turn_is_lost_when_deadlines_and_turns_race() -> None:
    lane = SlowLane()
    shares = [Share(0.1 * (n + 1)) for n in range(3)]
    together = threading.Barrier(9)

    def work(number: int) -> None:
        share = shares[number % 3]
        together.wait(20)
        for turn in range(100):
            if lane.enter(share, later((number + turn) % 5 * 0.0002)) and lane.pass_on(
                share, SLICE_S, later(turn % 3 * 0.0002)
            ):
                lane.leave(share, SLICE_S)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (lane._long, lane._free, lane._waiting) == (0, 1, [])
    assert [share.members for share in shares] == [0, 0, 0]
