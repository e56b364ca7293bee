"""A run that waits for the network leaves its place to others, and takes one again afterwards."""

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
    admitted.leave("b", 0)
    admitted.step_back()
    assert admitted.running() == 1
    admitted.leave("a", 0)
    assert admitted.running() == 0


@pytest.mark.parametrize("policy", [Fifo, Limiting])
def test_it_waits_for_no_place_and_the_next_waits_for_both(policy: type[PolicyBase]) -> None:
    admitted = Admission(policy(), max_running=1, max_queue=1)
    admitted.enter("a", 0, later())
    admitted.step_aside()
    admitted.enter("b", 0, later())
    admitted.step_back()
    assert admitted.running() == 2
    with ThreadPoolExecutor(1) as threads:
        third = threads.submit(admitted.enter, "c", 0, later())
        until(lambda: admitted.depth() == 1)
        admitted.leave("b", 0)
        assert admitted.running() == 1, "`a` runs"
        assert admitted.depth() == 1
        admitted.leave("a", 0)
        assert third.result() > 0
    admitted.leave("c", 0)
    assert admitted.running() == 0


def test_it_still_counts_for_its_handler() -> None:
    admitted = admission(2)
    admitted.enter("a", 1, later())
    admitted.step_aside()
    with pytest.raises(ConcurrencyLimit):
        admitted.enter("a", 1, later())
    admitted.step_back()
    admitted.leave("a", 1)
    admitted.enter("a", 1, later())


def test_nothing_is_idle_while_one_is_aside() -> None:
    admitted = admission()
    admitted.enter("a", 0, later())
    admitted.step_aside()
    assert not admitted.wait_idle(0.01)
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(admitted.wait_idle, 20.0)
        admitted.step_back()
        admitted.leave("a", 0)
        assert waiting.result()
