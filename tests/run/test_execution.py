"""One run: what it counts, and what stops it."""

from __future__ import annotations

import time
from typing import Any, cast

import pytest

from nexus.errors import CpuLimit, DeadlineExceeded, GuestTrap, NexusError, ResourceLimit
from nexus.model import ExtensionAnswer, Limits
from nexus.plugin_api.engine import EngineInstance
from nexus.run import Execution
from nexus.run import execution as execution_module
from nexus.run import timer as timer_module
from nexus.run.aside import Aside
from nexus.run.execution import ExecutionTimer, no_answer
from nexus.run.slices import LAST_SLICES


class Fuel:
    """As much of an engine's instance as an execution needs: the metering global."""

    def __init__(self) -> None:
        self.left = 0

    def fuel(self) -> int:
        return self.left

    def set_fuel(self, fuel: int) -> None:
        self.left = fuel


class Cpu:
    """Says what it is told to, and what it was asked."""

    throttled_s = 0.25

    def __init__(self, goes_on: bool = True) -> None:
        self.goes_on = goes_on
        self.asked: list[str] = []

    def start(self, deadline: float) -> bool:
        self.asked.append("start")
        return self.goes_on

    def checkpoint(self, cpu_s: float, deadline: float) -> bool:
        self.asked.append("checkpoint")
        return self.goes_on

    def give_way(self) -> None:
        self.asked.append("give_way")

    def go_out(self) -> None:
        self.asked.append("go_out")

    def come_back(self, deadline: float) -> bool:
        self.asked.append("come_back")
        return self.goes_on

    def end(self, cpu_s: Any) -> None:
        self.asked.append("end")


class Clock:
    """Stands in for the module `time`: it moves when the test says so."""

    def __init__(self) -> None:
        self._wall, self._cpu = 100.0, 10.0

    def pass_(self, wall_s: float = 0.0, cpu_s: float = 0.0) -> None:
        self._wall += wall_s
        self._cpu += cpu_s

    def monotonic(self) -> float:
        return self._wall

    def thread_time(self) -> float:
        return self._cpu


def execution(timeout_s: float = 60.0, **options: Any) -> Execution:
    return Execution("x", options.pop("limits", Limits()), time.monotonic() + timeout_s, **options)


def begun(run: Execution, slice_: int = 1000) -> Fuel:
    """Give *run* an instance that has one slice."""
    fuel = Fuel()
    run.begin(cast(EngineInstance, fuel), slice_)
    assert fuel.left == slice_
    return fuel


def test_the_end_counts_what_was_used_of_the_last_slice() -> None:
    run = execution()
    begun(run).left = 300
    run.end()
    assert run.usage.instructions == 700
    run.end()  # there is no instance any more
    assert run.usage.instructions == 700


def test_a_stop_counts_what_was_used_of_the_last_slice() -> None:
    """It takes the fuel away, so what was left of it would be lost."""
    run = execution()
    fuel = begun(run)
    fuel.left = 400
    run.stop(GuestTrap("unreachable"))
    assert run.usage.instructions == 600
    assert fuel.left < 0  # the guest's next check calls the checkpoint
    run.end()
    assert run.usage.instructions == 600


def test_what_a_guest_does_between_stop_and_checkpoint_counts_too() -> None:
    run = execution()
    fuel = begun(run)
    fuel.left = 400
    run.stop(GuestTrap("unreachable"))
    assert run.checkpoint(fuel.left - 5) < 0
    assert run.usage.instructions == 605


def test_the_first_reason_to_stop_stays() -> None:
    run, reasons = execution(), [ResourceLimit("first"), GuestTrap("second")]
    for reason in reasons:
        run.stop(reason)
    assert run.stopped is reasons[0]
    assert run.checkpoint(-1) < 0
    assert run.stopped is reasons[0]


def test_a_checkpoint_counts_the_slice_and_gives_another() -> None:
    run = execution()
    begun(run)
    granted = run.checkpoint(-7)
    assert run.usage.instructions == 1007
    assert granted == run.slice > 0
    run.checkpoint(0)
    assert run.usage.instructions == 1007 + granted


def reason_at_a_checkpoint(run: Execution) -> NexusError:
    begun(run)
    assert run.checkpoint(-1) < 0
    assert run.stopped is not None
    return run.stopped


def test_a_checkpoint_sees_the_watchdogs_cancel() -> None:
    run = execution(timeout_s=7.5, limits=Limits(timeout_s=9.0))
    run.cancel()
    assert str(reason_at_a_checkpoint(run)) == "not finished within its deadline (9 s)"


def test_a_checkpoint_sees_the_deadline_before_the_watchdog_does() -> None:
    run = execution(timeout_s=-1.0)
    assert isinstance(reason_at_a_checkpoint(run), DeadlineExceeded)
    assert run.cancelled


def test_a_checkpoint_sees_the_end_of_the_cpu_time() -> None:
    run = execution(limits=Limits(cpu_timeout_s=-1.0))
    assert isinstance(reason_at_a_checkpoint(run), CpuLimit)
    assert not run.cancelled


def test_who_waits_for_cpu_past_the_deadline_is_late() -> None:
    run = execution(cpu=Cpu(goes_on=False))
    assert isinstance(reason_at_a_checkpoint(run), DeadlineExceeded)
    with pytest.raises(DeadlineExceeded):
        run.wait_for_cpu()
    assert run.usage.throttled_s == 0.25


def test_what_shares_the_cpu_out_learns_of_each_stage() -> None:
    cpu = Cpu()
    run = execution(cpu=cpu)
    run.wait_for_cpu()
    begun(run)
    run.checkpoint(-1)
    run.give_way()
    run.end()
    assert cpu.asked == ["start", "checkpoint", "give_way", "end"]


def test_a_host_call_may_look_at_the_time() -> None:
    on_time, late = execution(), execution(timeout_s=-1.0)
    assert on_time.check_time()
    assert not late.check_time()
    assert isinstance(late.stopped, DeadlineExceeded)
    on_time.stop(GuestTrap("unreachable"))
    assert not on_time.check_time()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(execution_module, "time", made)
    monkeypatch.setattr(timer_module, "time", made)
    return made


def test_parked_time_does_not_count(clock: Clock) -> None:
    run = Execution("x", Limits(), deadline=110.0)
    clock.pass_(wall_s=2.0, cpu_s=1.0)
    run.park()
    clock.pass_(wall_s=60.0, cpu_s=30.0)  # of the thread's next run
    run.go_on()
    assert (run.deadline, run.timer.wall_s(), run.timer.cpu_s()) == (170.0, 2.0, 1.0)
    clock.pass_(wall_s=3.0, cpu_s=0.5)
    assert (run.deadline, run.timer.wall_s(), run.timer.cpu_s()) == (170.0, 5.0, 1.5)


def test_a_run_that_must_stay_parked_starts_its_clock_once_more(clock: Clock) -> None:
    run = Execution("x", Limits(), deadline=110.0)
    run.park()
    for _ in range(2):
        clock.pass_(wall_s=60.0)
        run.go_on()
    assert (run.deadline, run.timer.wall_s()) == (230.0, 0.0)


def test_a_timer_counts_from_when_it_was_made(clock: Clock) -> None:
    timer = ExecutionTimer()
    clock.pass_(wall_s=3.0, cpu_s=2.0)
    assert (timer.wall_s(), timer.cpu_s()) == (3.0, 2.0)


def test_no_extension_answers_a_run_that_has_none() -> None:
    run = execution()
    answer = run.call_extension("db", "get", b"[]")
    assert answer == no_answer("db")
    assert answer == ExtensionAnswer(False, b"\"no extension 'db' answers here\"")
    run.stop(GuestTrap("unreachable"))
    assert run.call_extension("db", "get", b"[]") is None


def test_effects_are_made_once() -> None:
    run = execution()
    assert run.effects is run.effects


def test_a_stopped_guest_may_say_where_it_was() -> None:
    """It gets slices as long as it wants, up to a number of them."""
    run = execution()
    begun(run)
    asked: list[int] = []
    run.before_stop = lambda count: asked.append(count) or True  # type: ignore[func-returns-value]
    run.stop(ResourceLimit("too much"))
    slices = [run.checkpoint(-1) for _ in range(LAST_SLICES + 2)]
    assert slices == [run.slice] * LAST_SLICES + [-1, -1]
    assert asked == list(range(LAST_SLICES))


def test_a_stopped_guest_that_cannot_ends_at_once() -> None:
    run = execution()
    begun(run)
    run.before_stop = lambda count: False
    run.cancel()
    assert run.checkpoint(-1) == -1
    assert isinstance(run.stopped, DeadlineExceeded)


class Places:
    """A place in the queue and one in the pool."""

    def __init__(self, asked: list[str]) -> None:
        self._asked = asked

    def step_aside(self, instance: object = None) -> None:
        self._asked.append("pool aside" if instance else "queue aside")

    def step_back(self, instance: object = None) -> None:
        self._asked.append("pool back" if instance else "queue back")


@pytest.mark.parametrize("in_time", [True, False])
def test_who_waits_outside_holds_nothing_and_waits_for_a_turn_before_a_place(in_time: bool) -> None:
    cpu = Cpu(in_time)
    run = execution(cpu=cpu)
    run.aside = Aside(Places(cpu.asked), Places(cpu.asked), "an instance")

    def wait() -> None:
        with run.outside():
            cpu.asked.append("waits")
            raise OSError("broken")

    with pytest.raises(OSError, match="broken"):
        wait()
    went = ["go_out", "pool aside", "queue aside"]
    assert cpu.asked == [*went, "waits", "come_back", "queue back", "pool back"]


def test_outside_needs_neither_places_nor_shares() -> None:
    with execution().outside():
        pass
