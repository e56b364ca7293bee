"""A run that waits for the network leaves its place to others, and comes back first."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from nexus.errors import ConcurrencyLimit
from nexus.plugin_api.scheduling import PolicyBase
from nexus.scheduling import Admission, Fifo

from .test_admission import admission, later, until


class Limiting(Fifo):
    """A policy with a limit of its own, which takes another way through `leave`."""

    def limit(self, most: int) -> int:
        return most


@pytest.mark.parametrize("policy", [Fifo, Limiting])
def test_another_runs_meanwhile(policy: type[PolicyBase]) -> None:
    admitted = Admission(policy(), max_running=1, max_queue=1)
    admitted.enter("a", 0, later())
    with ThreadPoolExecutor(1) as threads:
        other = threads.submit(admitted.enter, "b", 0, later())
        until(lambda: admitted.depth() == 1)
        admitted.step_aside()
        assert other.result() > 0
        back = threads.submit(admitted.step_back, "a", later())
        until(lambda: len(admitted._returning) == 1)
        admitted.leave("b", 0)
        back.result()
    assert admitted.running() == 1
    admitted.leave("a", 0)
    assert admitted.running() == 0


def test_a_free_place_is_taken_back_at_once() -> None:
    admitted = admission()
    admitted.enter("a", 0, later())
    admitted.step_aside()
    assert admitted.running() == 0
    admitted.step_back("a", later(-1))
    assert admitted.running() == 1


@pytest.mark.parametrize("policy", [Fifo, Limiting])
def test_it_comes_before_those_in_the_queue(policy: type[PolicyBase]) -> None:
    admitted = Admission(policy(), max_running=1, max_queue=5)
    admitted.enter("a", 0, later())
    admitted.step_aside()
    admitted.enter("b", 0, later())
    order: list[str] = []

    def queue() -> None:
        admitted.enter("c", 0, later())
        order.append("c")

    def come_back() -> None:
        admitted.step_back("a", later())
        order.append("a")

    with ThreadPoolExecutor(2) as threads:
        queued = threads.submit(queue)
        until(lambda: admitted.depth() == 1)
        back = threads.submit(come_back)
        until(lambda: len(admitted._returning) == 1)
        admitted.leave("b", 0)
        back.result()
        assert order == ["a"]
        admitted.leave("a", 0)
        queued.result()


def test_at_its_deadline_it_has_a_place_in_any_case() -> None:
    """So that whatever ends it can leave the place as usual."""
    admitted = admission()
    admitted.enter("a", 0, later())
    admitted.step_aside()
    admitted.enter("b", 0, later())
    admitted.step_back("a", later(0.01))
    assert admitted.running() == 2
    admitted.leave("a", 0)
    admitted.leave("b", 0)
    assert admitted.running() == 0


def test_it_still_counts_for_its_handler() -> None:
    admitted = admission(2)
    admitted.enter("a", 1, later())
    admitted.step_aside()
    with pytest.raises(ConcurrencyLimit):
        admitted.enter("a", 1, later())
    admitted.step_back("a", later())
    admitted.leave("a", 1)
    admitted.enter("a", 1, later())


def test_nothing_is_idle_while_one_is_aside() -> None:
    admitted = admission()
    admitted.enter("a", 0, later())
    admitted.step_aside()
    assert not admitted.wait_idle(0.01)
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(admitted.wait_idle, 20.0)
        admitted.step_back("a", later())
        admitted.leave("a", 0)
        assert waiting.result()
