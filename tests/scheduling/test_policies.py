"""Each built-in policy's own order, ticket by ticket."""

from __future__ import annotations

import pytest

from nexus.plugin_api.averages import MovingAverages
from nexus.plugin_api.scheduling import PolicyOptions, Ticket
from nexus.scheduling.policies import EarliestDeadline, Priority, Shortest
from nexus.scheduling.policies.deadline import FORGOTTEN_AFTER_S
from nexus.scheduling.policies.shortest import PATIENCE

STEP_S = 0.5


def at(arrived: float, priority: int, handler: str = "h") -> Ticket:
    return Ticket(handler, arrived + 30.0, arrived=arrived, priority=priority)


# ---- priority -----------------------------------------------------------------------------------


def order(policy: Priority, *tickets: Ticket) -> list[Ticket]:
    for ticket in tickets:
        policy.push(ticket)
    return [found for _ in tickets if (found := policy.pop()) is not None]


def test_the_highest_priority_goes_first_and_equals_in_order() -> None:
    low, first, second, high = at(0.0, 1), at(0.1, 5), at(0.1, 5), at(0.2, 9)
    assert order(Priority(), low, first, second, high) == [high, first, second, low]


@pytest.mark.parametrize(("later_s", "passes"), [(1.9, True), (2.1, False)])
def test_four_steps_are_worth_four_times_the_ageing(later_s: float, passes: bool) -> None:
    old, new = at(0.0, 5), at(later_s, 9)
    found = order(Priority(PolicyOptions(ageing_s=STEP_S)), old, new)
    assert found == ([new, old] if passes else [old, new])


def test_a_full_queue_drops_the_last_in_the_order() -> None:
    policy = Priority()
    low, later_low, high = at(0.0, 2), at(0.1, 2), at(0.0, 8)
    for ticket in (low, later_low, high):
        policy.push(ticket)
    assert policy.displace(at(0.2, 5)) is later_low
    assert policy.displace(at(0.2, 1)) is None
    assert Priority().displace(at(0.0, 9)) is None


# ---- shortest -----------------------------------------------------------------------------------


@pytest.fixture
def shortest() -> Shortest:
    policy = Shortest(PolicyOptions(clock=lambda: 0.0))
    policy.finished("short", 9.0, 0.001)
    policy.finished("long", 0.1, 0.1)  # wall time does not count
    return policy


def test_what_used_less_cpu_goes_first(shortest: Shortest) -> None:
    for name in ("long", "new", "short"):
        shortest.push(at(0.0, 5, name))
    found = [shortest.pop() for _ in range(3)]
    assert [ticket and ticket.handler for ticket in found] == ["short", "new", "long"]


@pytest.mark.parametrize(("part", "passes"), [(0.98, True), (1.02, False)])
def test_what_is_long_waits_a_bounded_time(shortest: Shortest, part: float, passes: bool) -> None:
    old, new = at(0.0, 5, "long"), at(part * PATIENCE * (0.1 - 0.001), 5, "short")
    shortest.push(old)
    shortest.push(new)
    assert shortest.pop() is (new if passes else old)


def test_averages_follow_what_is_measured() -> None:
    averages = MovingAverages()
    assert (averages.of("h"), averages.get("h")) == (0.0, None)
    averages.measured("h", 1.0, 5.0)
    assert averages.get("h") == (1.0, 0.0, 5.0)
    for number in range(30):
        averages.measured("h", 3.0, 6.0 + number)
    known = averages.get("h")
    assert known is not None
    assert known.mean == pytest.approx(3.0, rel=0.01)
    assert known.deviation < 0.1
    assert known.at == 35.0
    assert 1.0 < averages.of("stranger") < 3.0


# ---- deadline -----------------------------------------------------------------------------------


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def earliest(clock: Clock) -> EarliestDeadline:
    """Requests of handler `h` hold their place for 0.1 s."""
    policy = EarliestDeadline(PolicyOptions(places=2, clock=clock))
    for _ in range(5):
        policy.finished("h", 0.1, 0.05)
    return policy


def due(clock: Clock, in_s: float, handler: str = "h") -> Ticket:
    return Ticket(handler, clock.now + in_s, arrived=clock.now)


def test_the_earliest_deadline_goes_first(earliest: EarliestDeadline, clock: Clock) -> None:
    tickets = [due(clock, in_s) for in_s in (3.0, 1.0, 2.0)]
    for ticket in tickets:
        earliest.push(ticket)
    assert [earliest.pop() for _ in range(3)] == [tickets[1], tickets[2], tickets[0]]


def test_nothing_measured_nothing_refused(clock: Clock) -> None:
    assert EarliestDeadline(PolicyOptions(clock=clock)).refuse(due(clock, 0.001), 2) is None


def test_what_cannot_be_met_is_refused_at_once(earliest: EarliestDeadline, clock: Clock) -> None:
    """With two places one is free after 0.05 s on average, and it takes 0.1 s."""
    assert earliest.refuse(due(clock, 0.16), 2) is None
    assert earliest.refuse(due(clock, 0.14), 2) == (
        "its deadline is in 0.140 s, but earlier requests suggest a wait of 0.050 s and then "
        "up to 0.100 s"
    )


def test_those_ahead_count_and_those_behind_do_not(
    earliest: EarliestDeadline, clock: Clock
) -> None:
    for _ in range(4):
        earliest.push(due(clock, 0.3))
    assert earliest.refuse(due(clock, 0.34), 2) is not None  # 0.05 + 4 x 0.1 / 2 + 0.1
    assert earliest.refuse(due(clock, 0.36), 2) is None
    for _ in range(4):
        earliest.push(due(clock, 10.0))
    assert earliest.refuse(due(clock, 0.36), 2) is None


def test_nobody_is_let_in_at_the_cost_of_another(earliest: EarliestDeadline, clock: Clock) -> None:
    earliest.push(due(clock, 0.17))
    assert earliest.refuse(due(clock, 0.16), 2) == "a request of 'h' would then miss its deadline"
    assert earliest.refuse(due(clock, 0.5), 2) is None


def test_who_is_late_anyway_stands_in_nobodys_way(earliest: EarliestDeadline, clock: Clock) -> None:
    hopeless, can_be_met = due(clock, 0.05), due(clock, 0.3)
    earliest.push(hopeless)
    earliest.push(can_be_met)
    assert earliest.pop() is can_be_met
    assert earliest.pop() is hopeless


def test_requests_that_vary_are_given_more_time(clock: Clock) -> None:
    steady, varied = (EarliestDeadline(PolicyOptions(clock=clock)) for _ in range(2))
    for number in range(20):
        steady.finished("h", 0.1, 0.1)
        varied.finished("h", 0.05 if number % 2 else 0.15, 0.1)
    assert steady.refuse(due(clock, 0.2), 2) is None
    assert varied.refuse(due(clock, 0.2), 2) is not None


def test_what_was_slow_once_is_not_refused_for_ever(
    earliest: EarliestDeadline, clock: Clock
) -> None:
    earliest.finished("slow", 5.0, 5.0)
    assert earliest.refuse(due(clock, 1.0, "slow"), 2) is not None
    clock.now += 4 * FORGOTTEN_AFTER_S
    assert earliest.refuse(due(clock, 1.0, "slow"), 2) is None
