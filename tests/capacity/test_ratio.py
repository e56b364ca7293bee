"""Pods' CPU to desired replicas, by the algorithm's description in the Kubernetes documentation.

https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#algorithm-details
"""

from __future__ import annotations

import pytest

from nexus.capacity.ratio import Sample
from nexus.capacity.ratio import desired_replicas as of_target
from nexus.capacity.targets import Average, milli

MISSING = Sample(None)
LONG_AGO = -1e6


def desired_replicas(current: int, target: float, samples: list[Sample]) -> int | None:
    """For an average of *target* cores."""
    return of_target(current, Average(milli(target)), samples)


def measured(*cores: float) -> list[Sample]:
    """Pods that have been ready for long."""
    return [Sample(milli(each), started=LONG_AGO, changed=LONG_AGO) for each in cores]


def starting(cores: float = 0.0) -> Sample:
    """Began 20 s before second 0 and is not ready."""
    return Sample(
        milli(cores), started=-20.0, ready=False, changed=-20.0, taken=-5.0, window_s=15.0
    )


@pytest.mark.parametrize(
    ("value", "target", "replicas", "wanted"),
    [
        (0.200, 0.100, 3, 6),  # "if the current metric value is 200m, and the desired 100m": double
        (0.050, 0.100, 4, 2),  # "if the current value is instead 50m": half
        (0.90, 0.75, 50, 60),  # the example of the v1.33 blog: 50 x 90 / 75
        (0.050, 0.100, 3, 2),  # ceil(1.5)
        (1.0, 0.07, 1, 15),  # our own: one busy core at 70 % of 100m
        (1.0, 0.7, 1, 2),  # and repaired
    ],
)
def test_worked_examples(value: float, target: float, replicas: int, wanted: int) -> None:
    assert desired_replicas(replicas, target, measured(*[value] * replicas)) == wanted


@pytest.mark.parametrize(("ratio", "wanted"), [(0.89, 9), (0.9, 10), (1.1, 10), (1.11, 12)])
def test_nothing_happens_within_the_tolerance(ratio: float, wanted: int) -> None:
    assert desired_replicas(10, 0.1, measured(*[0.1 * ratio] * 10)) == wanted


def test_the_average_decides_not_the_busiest_pod() -> None:
    assert desired_replicas(2, 0.5, measured(1.0, 0.0)) == 2


def test_a_pod_without_metrics_uses_nothing_when_it_goes_up() -> None:
    """Without damping, 2.0 of 3 pods would be 6; (2 x 200m + 0) / 3 / 100m is 1.33 of 3."""
    assert desired_replicas(3, 0.1, [*measured(0.2, 0.2), MISSING]) == 4


def test_a_pod_without_metrics_uses_its_target_when_it_goes_down() -> None:
    """(2 x 50m + 2 x 100m) / 4 / 100m is 0.75 of 4."""
    assert desired_replicas(4, 0.1, [*measured(0.05, 0.05), MISSING, MISSING]) == 3


@pytest.mark.parametrize(
    ("samples", "target", "wanted"),
    [
        (measured(0.3, 0.5, 0.7), 0.3, 5),
        ([starting(0.3), *measured(0.5, 0.7)], 0.3, 4),
        ([*measured(0.4), starting(0.5), starting(0.7)], 0.3, 3),
        ([starting(0.1), *measured(2.0), MISSING], 0.5, 4),
        ([starting(0.1), *measured(0.45), MISSING], 0.5, 3),
    ],
    ids=["busy", "one unready", "two unready", "unready and missing", "damped"],
)
def test_as_the_controllers_own_tests_have_it(
    samples: list[Sample], target: float, wanted: int
) -> None:
    """kubernetes/pkg/controller/podautoscaler: TestScaleUp, TestScaleUpUnreadyLessScale,
    ...UnreadyNoScale, TestReplicaCalcMissingMetricsUnreadyScaleUp, ...UnreadyNoChange."""
    assert desired_replicas(3, target, samples) == wanted


def test_damping_that_turns_the_direction_means_no_change() -> None:
    """1.5 on one pod of two is 0.75 with the other at 0."""
    assert desired_replicas(2, 0.1, [*measured(0.15), MISSING]) == 2


def test_damping_into_the_tolerance_means_no_change() -> None:
    assert desired_replicas(3, 0.1, [*measured(0.16, 0.16), MISSING]) == 3


def test_pods_not_yet_ready_use_nothing_when_it_goes_up() -> None:
    assert desired_replicas(4, 0.1, [*measured(0.3, 0.3), starting(), starting(1.0)]) == 6
    assert desired_replicas(4, 0.1, measured(0.3, 0.3, 0.0, 0.0)) == 6


def test_pods_not_yet_ready_do_not_count_when_it_goes_down() -> None:
    """Their 0m must not pull the average of the others down."""
    assert desired_replicas(3, 0.1, [*measured(0.1, 0.1), starting()]) == 3


def test_fewer_pods_measured_never_shrink_what_is_too_busy() -> None:
    """1.33 of the three pods seen are 4, below the 10 there are said to be."""
    assert desired_replicas(10, 0.1, [*measured(0.2, 0.2), MISSING]) == 10


@pytest.mark.parametrize(
    "samples", [[], [MISSING], [starting()]], ids=["none", "missing", "unready"]
)
def test_nothing_is_done_blind(samples: list[Sample]) -> None:
    assert desired_replicas(3, 0.1, samples) is None


@pytest.mark.parametrize(
    ("sample", "set_aside"),
    [
        (Sample(1000, started=0, ready=False, changed=0, taken=90), True),
        # Ready since second 50, measured from 40 to 55: partly before it was ready.
        (Sample(1000, started=0, ready=True, changed=50, taken=55, window_s=15), True),
        (Sample(1000, started=0, ready=True, changed=50, taken=65, window_s=15), False),
        # More than five minutes old: only a pod that never was ready is set aside.
        (Sample(1000, started=-300, ready=False, changed=-290), True),
        (Sample(1000, started=-300, ready=False, changed=50), False),
        (Sample(1000, started=-300, ready=True, changed=90, taken=95, window_s=15), False),
    ],
    ids=["starts", "partly", "whole", "never", "failing", "recovered"],
)
def test_who_is_not_yet_ready(sample: Sample, set_aside: bool) -> None:
    assert sample.not_yet_ready(now=100.0) is set_aside
