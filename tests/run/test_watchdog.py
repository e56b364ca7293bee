"""Deadlines: who is cancelled, when, and who is not."""

from __future__ import annotations

import faulthandler
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from nexus.run.watchdog import Watch, Watchdog


class Run:
    """One that can be cancelled."""

    execution_id = "run"

    def __init__(self, timeout_s: float) -> None:
        self.deadline = time.monotonic() + timeout_s
        self.cancelled_at: list[float] = []
        self.cancelled = threading.Event()

    def cancel(self) -> None:
        self.cancelled_at.append(time.monotonic())
        self.cancelled.set()


def until(reached: Callable[[], bool]) -> None:
    """Poll until the watchdog's thread has come so far."""
    deadline = time.monotonic() + 10
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.001)


@pytest.fixture
def watchdog() -> Iterator[Watchdog]:
    made = Watchdog(60.0)
    made.start()
    yield made
    made.close()


def test_a_run_is_cancelled_at_its_deadline_once(watchdog: Watchdog) -> None:
    run = Run(0.05)
    watch = watchdog.watch(run)
    assert run.cancelled.wait(10)
    assert 0 <= run.cancelled_at[0] - run.deadline < 1
    watchdog.unwatch(watch)
    assert len(run.cancelled_at) == watchdog.cancels == 1


def test_a_deadline_that_moves_is_met_later(watchdog: Watchdog) -> None:
    moved, other = Run(0.05), Run(0.06)
    watches = [watchdog.watch(moved), watchdog.watch(other)]
    moved.deadline += 60
    assert other.cancelled.wait(10)
    assert not moved.cancelled_at
    for watch in watches:
        watchdog.unwatch(watch)


def test_a_deadline_in_the_past_is_met_at_once(watchdog: Watchdog) -> None:
    run = Run(-5)
    watchdog.watch(run)
    assert run.cancelled.wait(10)


def test_an_ended_watch_cannot_cancel(watchdog: Watchdog) -> None:
    """The next deadline is awaited, so the first has passed unnoticed."""
    ended, other = Run(0.02), Run(0.04)
    watchdog.unwatch(watchdog.watch(ended))
    watchdog.watch(other)
    assert other.cancelled.wait(10)
    assert not ended.cancelled_at


def test_an_earlier_deadline_wakes_the_thread(watchdog: Watchdog) -> None:
    far, near = Run(30), Run(0.02)
    watches = [watchdog.watch(far), watchdog.watch(near)]
    assert near.cancelled.wait(10)
    assert not far.cancelled_at
    for watch in watches:
        watchdog.unwatch(watch)


def test_a_deadline_that_is_just_a_little_earlier_wakes_the_thread(watchdog: Watchdog) -> None:
    """Hours away, so that only the wake-up can change what the thread waits for."""
    far, near = Run(3600), Run(3600)
    near.deadline = far.deadline - 0.001
    watchdog.watch(far)
    until(lambda: watchdog._wakes_at == far.deadline)
    watchdog.watch(near)
    until(lambda: watchdog._wakes_at == near.deadline)


def test_the_run_that_is_late_for_longest_decides_when_the_process_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    timers: list[float] = []
    monkeypatch.setattr(
        faulthandler, "dump_traceback_later", lambda left_s, **_: timers.append(left_s)
    )
    watchdog = Watchdog(5.0, stuck_log=2)  # not started: the test is its clock
    oldest, youngest = Run(0), Run(0)
    oldest.deadline, youngest.deadline = 100.0, 103.0
    for run in (youngest, oldest):
        watchdog.watch(run)
    for now in (100.0, 103.0):
        watchdog._take_due(now)
        watchdog._arm(now)
    assert timers == [5.0]  # set at 100; the run that came late at 103 does not put it off


def test_each_run_at_its_own_deadline(watchdog: Watchdog) -> None:
    runs = [Run(0.01 * (1 + n * 7 % 10)) for n in range(50)]
    for run in runs:
        watchdog.watch(run)
    assert all(run.cancelled.wait(10) for run in runs)
    assert all(run.cancelled_at[0] >= run.deadline for run in runs)
    assert watchdog.cancels == 50


def test_watches_before_the_start_count(watchdog: Watchdog) -> None:
    later = Watchdog(60.0)
    run = Run(0.0)
    later.watch(run)
    later.start()
    assert run.cancelled.wait(10)
    later.close()


def test_ended_watches_do_not_pile_up(watchdog: Watchdog) -> None:
    kept = watchdog.watch(Run(60))
    for _ in range(1000):
        watchdog.unwatch(watchdog.watch(Run(60)))
    assert len(watchdog._heap) < 200
    assert kept in [watch for _, _, watch in watchdog._heap]
    watchdog.unwatch(kept)


def test_stuck_is_who_goes_on_after_the_cancel() -> None:
    watchdog = Watchdog(0.05)
    watchdog.start()
    run = Run(0.0)
    watch = watchdog.watch(run)
    assert run.cancelled.wait(10)
    deadline = time.monotonic() + 10
    while not watchdog.stuck:
        assert time.monotonic() < deadline
        time.sleep(0.005)  # polled, as readiness is
    assert time.monotonic() > run.deadline + 0.05
    watchdog.unwatch(watch)
    assert not watchdog.stuck
    watchdog.close()


def test_late_is_not_yet_stuck(watchdog: Watchdog) -> None:
    run = Run(0.0)
    watch = watchdog.watch(run)
    assert run.cancelled.wait(10)
    assert not watchdog.stuck
    watchdog.unwatch(watch)


def test_closed_it_cancels_nobody() -> None:
    watchdog = Watchdog(60.0)
    watchdog.start()
    run = Run(0.05)
    watch = watchdog.watch(run)
    watchdog.close()
    watchdog.close()
    assert not watchdog._thread.is_alive()
    assert not run.cancelled.wait(0.1)
    watchdog.unwatch(watch)


def test_close_without_start() -> None:
    Watchdog(60.0).close()


def test_unwatch_is_a_clean_end(watchdog: Watchdog) -> None:
    """Over many threads with deadlines that end in the very moment: what unwatch has left behind
    is never cancelled afterwards."""
    together = threading.Barrier(8)

    def race(seed: int) -> list[int]:
        late = []
        together.wait(20)
        for turn in range(100):
            run = Run((seed + turn) % 5 * 0.0002)
            watch: Watch = watchdog.watch(run)
            time.sleep(0.0004)  # a guest's work: about as long as the deadlines
            watchdog.unwatch(watch)
            before = len(run.cancelled_at)
            time.sleep(0)
            late.append(len(run.cancelled_at) - before)
            assert before <= 1
            assert watch.cancelled == bool(before)
        return late

    with ThreadPoolExecutor(8) as threads:
        assert not any(sum(late) for late in threads.map(race, range(8)))
    assert not watchdog._late
