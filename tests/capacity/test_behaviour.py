"""Windows and policies, by the examples of the Kubernetes documentation and of KEP-853.

https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#configurable-scaling-behavior
https://github.com/kubernetes/enhancements/tree/master/keps/sig-autoscaling/853-configurable-hpa-scale-velocity
"""

from __future__ import annotations

import pytest

from nexus.capacity.behaviour import Behaviour
from nexus.capacity.scaling import (
    DEFAULT_DOWN,
    DEFAULT_UP,
    Rules,
    Scaling,
    Select,
    percent,
    pods,
)
from nexus.capacity.targets import Average


def scaling(up: Rules = DEFAULT_UP, down: Rules = DEFAULT_DOWN, most: int = 2000) -> Scaling:
    return Scaling(Average(100), 1, most, up, down)


def follow(
    rules: Scaling, start: int, desired: int, syncs: int, every_s: float = 60.0
) -> list[int]:
    """The replicas after each sync, where the metric keeps asking for *desired*."""
    behaviour, found = Behaviour(rules), [start]
    for number in range(syncs):
        found.append(behaviour.replicas(number * every_s, found[-1], desired))
    return found


FOUR_OR_A_TENTH = (pods(4, 60), percent(10, 60))


def test_80_replicas_go_down_by_a_tenth_a_minute_then_by_four() -> None:
    """The documentation: 80 by 8, 72 by 7.2, which is rounded up to 8; at 40 and below by 4."""
    found = follow(scaling(down=Rules(0, FOUR_OR_A_TENTH)), 80, 10, 14)
    assert found[:7] == [80, 72, 64, 57, 51, 45, 40]
    below = [number for number in found if number <= 40]
    assert below[:4] == [40, 36, 32, 28]
    assert found[-1] == 10


def test_a_period_is_kept_between_syncs_of_15_s() -> None:
    found = follow(scaling(down=Rules(0, FOUR_OR_A_TENTH)), 80, 10, 9, every_s=15)
    assert found == [80, 72, 72, 72, 72, 64, 64, 64, 64, 57]


def test_min_takes_the_smaller_change() -> None:
    """The documentation: 10 % a minute, but no more than 5 pods."""
    rules = Rules(0, (percent(10, 60), pods(5, 60)), Select.MIN)
    assert follow(scaling(down=rules), 80, 10, 2) == [80, 75, 70]
    assert follow(scaling(down=rules), 30, 10, 2) == [30, 27, 24]


@pytest.mark.parametrize(("start", "desired"), [(10, 1), (10, 20)])
def test_disabled_keeps_the_number(start: int, desired: int) -> None:
    never = Rules(0, (), Select.DISABLED)
    assert follow(scaling(up=never, down=never), start, desired, 3) == [start] * 4


def test_by_default_it_goes_up_by_four_pods_or_doubles_every_15_s() -> None:
    assert follow(scaling(), 1, 100, 5, every_s=15) == [1, 5, 10, 20, 40, 80]


def test_min_takes_the_smaller_change_upwards_too() -> None:
    rules = Rules(0, (percent(100, 60), pods(4, 60)), Select.MIN)
    assert follow(scaling(up=rules), 10, 100, 3)[1:] == [14, 18, 22]


def test_as_fast_as_possible() -> None:
    """KEP-853, story 1: 900 % means 1, 10, 100, 1000."""
    assert follow(scaling(up=Rules(0, (percent(900, 60),))), 1, 1000, 3) == [1, 10, 100, 1000]


def test_one_pod_at_a_time() -> None:
    """KEP-853: 1, 2, 3, 4."""
    assert follow(scaling(up=Rules(0, (pods(1, 60),))), 1, 10, 3) == [1, 2, 3, 4]


def test_down_at_once_where_nothing_holds() -> None:
    """The default policy: all of them, after five minutes."""
    assert follow(scaling(), 10, 2, 7)[4:] == [10, 10, 2, 2]


def run(behaviour: Behaviour, start: int, asked: list[tuple[float, int]]) -> list[int]:
    found = [start]
    for moment, desired in asked:
        found.append(behaviour.replicas(moment, found[-1], desired))
    return found[1:]


def test_going_down_takes_the_highest_of_the_window() -> None:
    """ "all desired states from the past 5 minutes will be considered": 8 until it is too old."""
    asked = [(0, 8), (60, 3), (120, 6), (180, 3), (299, 3), (300, 3), (419, 3), (420, 3)]
    assert run(Behaviour(scaling()), 8, asked) == [8, 8, 8, 8, 8, 6, 6, 3]


def test_going_up_takes_the_lowest_of_its_window() -> None:
    behaviour = Behaviour(scaling(up=Rules(60, (percent(900, 15),))))
    asked = [(0, 9), (30, 5), (59, 7), (61, 9), (90, 9), (119, 9), (121, 9)]
    assert run(behaviour, 2, asked) == [2, 2, 2, 5, 7, 9, 9]


def test_what_was_added_in_the_period_counts() -> None:
    behaviour = Behaviour(scaling(up=Rules(0, (pods(4, 60),))))
    asked = [(0, 3), (30, 10), (59, 10), (60, 10), (95, 10)]
    assert run(behaviour, 1, asked) == [3, 5, 5, 7, 9]


@pytest.mark.parametrize(("found", "wanted"), [(50, 20), (1, 3)])
def test_bounds_come_before_everything(found: int, wanted: int) -> None:
    behaviour = Behaviour(Scaling(Average(100), 3, 20, down=Rules(0, (), Select.DISABLED)))
    assert behaviour.replicas(0.0, found, found) == wanted


def test_rules_without_a_policy_are_refused() -> None:
    with pytest.raises(ValueError, match="selectPolicy Disabled"):
        Rules(0, ())


@pytest.mark.parametrize(("least", "most"), [(0, 3), (4, 3)])
def test_bounds_must_be_in_order(least: int, most: int) -> None:
    with pytest.raises(ValueError, match=f"got {least} to {most}"):
        Scaling(Average(100), least, most)
