"""The limit goes where the measurements lead it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from nexus.plugin_api.scheduling import PolicyOptions, Ticket
from nexus.scheduling import Admission, choose_policy
from nexus_scheduling_adaptive import Adaptive
from nexus_scheduling_adaptive.plugin import nexus_scheduling_policies
from nexus_scheduling_adaptive.policy import LONGEST_WINDOW_S, PROBE_AFTER_S, WINDOW_REQUESTS
from tests.scheduling.contract import CHECKS, Check

MOST = 64


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def adaptive(clock: Clock) -> Adaptive:
    return Adaptive(PolicyOptions(places=MOST, clock=clock))


@pytest.mark.parametrize("check", CHECKS)
def test_the_contract(check: Check) -> None:
    check(Adaptive)


def window(
    adaptive: Adaptive,
    clock: Clock,
    took: Callable[[int], tuple[float, float]],
    pressed: bool = True,
) -> int:
    """Let ten requests end within 0.2 s, as *took* says (wall, CPU) at the limit there is."""
    if pressed:
        waits = Ticket("h", 1e9)
        adaptive.push(waits)
        adaptive.remove(waits)
    for _ in range(WINDOW_REQUESTS):
        clock.now += 0.02
        adaptive.finished("h", *took(adaptive.limit(MOST)))
    return adaptive.limit(MOST)


def on_cores(cores: int) -> Callable[[int], tuple[float, float]]:
    return lambda running: (0.01 * max(1.0, running / cores), 0.01)


def sleeps(running: int) -> tuple[float, float]:
    return 0.02, 0.001


def test_the_hook_offers_it() -> None:
    policy = choose_policy("adaptive", nexus_scheduling_policies(), PolicyOptions())
    assert isinstance(policy, Adaptive)
    assert Admission(policy, max_running=1, max_queue=1).measures


def test_it_begins_with_one(adaptive: Adaptive) -> None:
    assert adaptive.limit(MOST) == 1


@pytest.mark.parametrize(("cores", "settles"), [(1, 3), (4, 7), (8, 13), (16, 25)])
def test_it_settles_near_the_cores(
    adaptive: Adaptive, clock: Clock, cores: int, settles: int
) -> None:
    for _ in range(60):
        window(adaptive, clock, on_cores(cores))
    assert adaptive.limit(MOST) == pytest.approx(settles, abs=1)


def test_it_follows_cores_that_are_taken_away(adaptive: Adaptive, clock: Clock) -> None:
    for _ in range(60):
        window(adaptive, clock, on_cores(16))
    for _ in range(10):
        window(adaptive, clock, on_cores(2))
    assert adaptive.limit(MOST) <= 6


def test_waits_of_a_handlers_own_are_no_load(adaptive: Adaptive, clock: Clock) -> None:
    for _ in range(60):
        window(adaptive, clock, sleeps)
    assert adaptive.limit(MOST) == MOST


def test_it_does_not_grow_while_nobody_waits(adaptive: Adaptive, clock: Clock) -> None:
    for _ in range(10):
        window(adaptive, clock, on_cores(8))
    before = adaptive.limit(MOST)
    for _ in range(50):
        window(adaptive, clock, on_cores(MOST), pressed=False)
    assert adaptive.limit(MOST) == before < MOST


def test_it_shrinks_also_while_nobody_waits(adaptive: Adaptive, clock: Clock) -> None:
    for _ in range(60):
        window(adaptive, clock, on_cores(16))
    for _ in range(10):
        window(adaptive, clock, on_cores(1), pressed=False)
    assert adaptive.limit(MOST) <= 4


def test_own_waits_are_measured_anew_from_time_to_time(adaptive: Adaptive, clock: Clock) -> None:
    """A handler that begins to wait by itself looks like load, until it is measured alone."""
    for _ in range(30):
        window(adaptive, clock, on_cores(64))
    clock.now += PROBE_AFTER_S
    window(adaptive, clock, sleeps)
    assert adaptive.limit(MOST) == 1
    for _ in range(30):
        window(adaptive, clock, sleeps)
    assert adaptive.limit(MOST) > 40


def test_a_probe_ends_though_requests_are_long(adaptive: Adaptive, clock: Clock) -> None:
    clock.now += LONGEST_WINDOW_S
    adaptive.finished("h", 0.9, 0.9)
    window(adaptive, clock, on_cores(8))
    assert adaptive.limit(MOST) == 2


def test_who_began_before_the_probe_does_not_say_what_one_takes_alone(
    adaptive: Adaptive, clock: Clock
) -> None:
    window(adaptive, clock, on_cores(8))
    own = adaptive._own_wait_s.of("h")
    clock.now += PROBE_AFTER_S
    window(adaptive, clock, on_cores(8))
    assert adaptive.limit(MOST) == 1
    adaptive.finished("h", 30.0, 0.01)
    assert adaptive._own_wait_s.of("h") == own


def test_it_sheds_what_would_wait_too_long(adaptive: Adaptive, clock: Clock) -> None:
    newcomer = Ticket("h", 1e9)
    assert adaptive.refuse(newcomer, 1) is None  # nothing is known yet
    for _ in range(60):
        window(adaptive, clock, on_cores(4))  # 7 at a time, 0.018 s each
    for _ in range(30):
        adaptive.push(Ticket("h", 1e9))
    assert adaptive.refuse(newcomer, 7) is None
    for _ in range(30):
        adaptive.push(Ticket("h", 1e9))
    why = adaptive.refuse(newcomer, 7) or ""
    assert why.startswith("60 requests wait, and the next would for 0.1")
    assert why.endswith("more than 0.1 s")


def test_as_many_as_run_may_wait_however_long_requests_take(
    adaptive: Adaptive, clock: Clock
) -> None:
    for _ in range(60):
        window(adaptive, clock, lambda running: (5.0, 5.0) if running <= 4 else (9.0, 5.0))
    limit, newcomer = adaptive.limit(MOST), Ticket("h", 1e9)
    for _ in range(limit):
        assert adaptive.refuse(newcomer, limit) is None
        adaptive.push(Ticket("h", 1e9))
    adaptive.push(Ticket("h", 1e9))
    assert adaptive.refuse(newcomer, limit) is not None


def test_it_never_passes_what_there_is(adaptive: Adaptive, clock: Clock) -> None:
    for _ in range(60):
        window(adaptive, clock, sleeps)
    assert adaptive.limit(3) == 3
