"""Turns by key, in proportion to weights and to what requests take."""

from __future__ import annotations

from collections import Counter

import pytest

from nexus.plugin_api.scheduling import PolicyOptions, Ticket
from nexus.scheduling import Admission, choose_policy
from nexus_scheduling_fair import FairShare
from nexus_scheduling_fair.plugin import nexus_scheduling_policies
from tests.scheduling.contract import CHECKS, Check

OPTIONS = PolicyOptions(clock=lambda: 0.0)


@pytest.fixture
def fair() -> FairShare:
    return FairShare(OPTIONS)


def ticket(key: str, handler: str = "h", weight: float = 1.0) -> Ticket:
    return Ticket(handler, 1e9, key=key, weight=weight)


def push(fair: FairShare, key: str, count: int, handler: str = "h", weight: float = 1.0) -> None:
    for _ in range(count):
        fair.push(ticket(key, handler, weight))


def keys(fair: FairShare, count: int) -> str:
    found = [fair.pop() for _ in range(count)]
    return "".join(ticket.key for ticket in found if ticket is not None)


@pytest.mark.parametrize("check", CHECKS)
def test_the_contract(check: Check) -> None:
    check(FairShare)


def test_the_hook_offers_it() -> None:
    policy = choose_policy("fair", nexus_scheduling_policies(), OPTIONS)
    assert isinstance(policy, FairShare)
    assert Admission(policy, max_running=1, max_queue=1).measures


def test_keys_take_turns_however_much_one_asks(fair: FairShare) -> None:
    push(fair, "a", 6)
    push(fair, "b", 2)
    push(fair, "c", 1)
    assert keys(fair, 9) == "abcab" + "aaaa"


def test_one_key_alone_is_first_come_first_served(fair: FairShare) -> None:
    tickets = [ticket("a") for _ in range(5)]
    for each in tickets:
        fair.push(each)
    assert [fair.pop() for _ in range(5)] == tickets


@pytest.mark.parametrize("weight", [0.25, 3.0])
def test_turns_are_as_long_as_the_weight(fair: FairShare, weight: float) -> None:
    push(fair, "a", 400, weight=weight)
    push(fair, "b", 400)
    counts = Counter(keys(fair, 200))
    assert counts["a"] / counts["b"] == pytest.approx(weight, rel=0.05)


def test_a_key_whose_requests_take_long_gets_fewer(fair: FairShare) -> None:
    for _ in range(20):
        fair.finished("long", 0.1, 0.0)
        fair.finished("short", 0.01, 0.0)
    push(fair, "l", 200, "long")
    push(fair, "s", 400, "short")
    counts = Counter(keys(fair, 220))
    assert counts["s"] / counts["l"] == pytest.approx(10, rel=0.15)


def test_rounds_in_which_nobody_can_afford_a_request_take_no_time(fair: FairShare) -> None:
    """A request of 1000 s beside some of 1 us, at the least weight: 10^11 turns of one quantum."""
    fair.finished("huge", 1000.0, 0.0)
    for _ in range(500):
        fair.finished("tiny", 0.0, 0.0)
    push(fair, "a", 3, "huge", weight=0.01)
    push(fair, "b", 3, "huge", weight=0.01)
    assert keys(fair, 6) in ("ababab", "bababa")


def test_who_was_away_has_saved_nothing_up(fair: FairShare) -> None:
    push(fair, "a", 1)
    assert keys(fair, 1) == "a"
    push(fair, "b", 10)
    assert keys(fair, 5) == "bbbbb"
    push(fair, "a", 5)
    assert keys(fair, 6) in ("ababab", "bababa")


def test_weights_can_change_while_a_key_waits(fair: FairShare) -> None:
    push(fair, "a", 100)
    push(fair, "b", 100)
    assert Counter(keys(fair, 40)) == {"a": 20, "b": 20}
    fair.push(ticket("a", weight=4.0))
    counts = Counter(keys(fair, 50))
    assert counts["a"] / counts["b"] == pytest.approx(4.0, rel=0.1)


def test_who_gave_up_is_forgotten_and_so_is_its_key(fair: FairShare) -> None:
    first, second = ticket("a"), ticket("a")
    fair.push(first)
    fair.push(second)
    push(fair, "b", 1)
    fair.remove(first)
    fair.remove(second)
    assert keys(fair, 1) == "b"
    assert (fair.pop(), fair._flows, len(fair._turns)) == (None, {}, 0)


def test_in_a_full_queue_the_newest_of_the_longest_makes_way(fair: FairShare) -> None:
    push(fair, "flood", 5)
    newest = ticket("flood")
    fair.push(newest)
    push(fair, "other", 2)
    assert fair.displace(ticket("new")) is newest
    assert fair.displace(ticket("other")) is newest
    assert fair.displace(ticket("flood")) is None
    assert FairShare(OPTIONS).displace(ticket("new")) is None


def test_what_is_long_for_its_weight_makes_way_first(fair: FairShare) -> None:
    push(fair, "gold", 6, weight=3.0)
    push(fair, "free", 3)
    displaced = fair.displace(ticket("new"))
    assert displaced is not None
    assert displaced.key == "free"
