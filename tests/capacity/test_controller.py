"""A table of cases: what the controller of Kubernetes 1.35 does, by file and function.

The functions are those of kubernetes/pkg/controller/podautoscaler; the numbers follow from reading
them and differ, each, from what a plain `ceil(replicas x ratio)` gives.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from nexus.capacity.behaviour import Behaviour
from nexus.capacity.hpa import Autoscaler
from nexus.capacity.ratio import Sample, desired_for_totals, desired_replicas
from nexus.capacity.scaling import DEFAULT_DOWN, Rules, Scaling, percent, pods
from nexus.capacity.targets import Average, External, Utilization, milli

CALCULATOR = "replica_calculator.go"
UTILIZATION = "metrics/utilization.go"
OLD = -1e6


def ready(*values_m: int) -> list[Sample]:
    return [Sample(each, started=OLD, changed=OLD) for each in values_m]


def starting(value_m: int | None) -> Sample:
    return Sample(value_m, started=-20.0, ready=False, changed=-20.0, taken=-5.0, window_s=15.0)


MISSING = Sample(None, started=OLD, changed=OLD)
PENDING = Sample(None, pending=True)


@dataclass(frozen=True)
class Case:
    """One state of the pods."""

    file: str
    function: str
    current: int
    target: Utilization | Average
    samples: list[Sample]
    wanted: int | None


HUNDRED_70 = Utilization(70, 100)
CASES = {
    # 77.9 % counts as 77 %: 77 / 70 is 1.1, within the tolerance; uncut it would be 1.113 and 4.
    "percent are cut": Case(
        UTILIZATION, "GetResourceUtilizationRatio", 3, HUNDRED_70, ready(78, 78, 77), 3
    ),
    # Cut once over all pods, not pod by pod: 235 of 300m are 78 %, 1.114.
    "percent are cut of the sum": Case(
        UTILIZATION, "GetResourceUtilizationRatio", 3, HUNDRED_70, ready(79, 78, 78), 4
    ),
    # 62 / 70 is 0.886; 63 / 70 is 0.9, still within.
    "percent are cut downwards": Case(
        UTILIZATION, "GetResourceUtilizationRatio", 10, HUNDRED_70, ready(*[62] * 10), 9
    ),
    # (331 + 331 + 330) / 3 is 330.67m, cut to 330m: 1.1.
    "an average is cut": Case(
        UTILIZATION, "GetMetricUsageRatio", 3, Average(300), ready(331, 331, 330), 3
    ),
    "the tolerance includes its ends": Case(
        CALCULATOR, "isWithin", 10, Average(100), ready(*[110] * 10), 10
    ),
    # 1.2 x 3 pods that are ready; the fourth starts, is below the target and does not count.
    "a pod that starts does not count on the way down": Case(
        CALCULATOR, "GetResourceReplicas", 4, HUNDRED_70, [*ready(35, 35, 35), starting(0)], 2
    ),
    # 420 of 500m are 84 %: 1.2 of 5 pods, where the three alone ask for 6, all five for 10.
    "pods that start use 0 on the way up": Case(
        CALCULATOR,
        "GetResourceReplicas",
        5,
        HUNDRED_70,
        [*ready(140, 140, 140), starting(90), starting(None)],
        6,
    ),
    # 35 and twice the whole request are 235 of 300m, 78 %, which turns the direction.
    "a missing pod uses its request on the way down": Case(
        CALCULATOR, "GetResourceReplicas", 3, HUNDRED_70, [*ready(35), MISSING, MISSING], 3
    ),
    # For an average it uses the target: (20 + 2 x 70) / 3 is 53, 0.757 of 3.
    "a missing pod is at the target of an average": Case(
        CALCULATOR, "calcPlainMetricReplicas", 3, Average(70), [*ready(20), MISSING, MISSING], 3
    ),
    # The missing pod is taken for 700m: 800 of 200m are 400 %, 0.571 of 2. At 100m it would be 1.
    "a missing pod uses the target if it is above the request": Case(
        CALCULATOR, "GetResourceReplicas", 2, Utilization(700, 100), [*ready(100), MISSING], 2
    ),
    # A pending pod has no metrics, yet is not missing: 35 / 70 of the one that is ready.
    "a pending pod is not missing": Case(
        CALCULATOR, "groupPods", 2, HUNDRED_70, [*ready(35), PENDING], 1
    ),
    "a pending pod counts as 0 on the way up": Case(
        CALCULATOR, "groupPods", 3, HUNDRED_70, [*ready(140, 140), PENDING], 4
    ),
    # Only CPU knows readiness: the same pod counts for requests in flight.
    "a pod that starts counts for other metrics": Case(
        CALCULATOR, "groupPods", 2, Average(5000, of_cpu=False), [*ready(12000), starting(12000)], 5
    ),
    "no ready pod, no decision": Case(
        CALCULATOR, "GetResourceReplicas", 2, HUNDRED_70, [starting(50), MISSING], None
    ),
    # At the target exactly, missing pods are not assumed at all.
    "missing pods do not matter at the target": Case(
        CALCULATOR, "GetResourceReplicas", 9, HUNDRED_70, [*ready(70), MISSING], 9
    ),
    # 3 pods of 10 are known: 2 x 3 would be 6, and up never means fewer.
    "too few metrics never shrink a busy Deployment": Case(
        CALCULATOR, "GetResourceReplicas", 10, HUNDRED_70, [*ready(140, 140, 140), PENDING], 10
    ),
    # Without one that starts, nothing prevents it.
    "but without missing or starting pods they do": Case(
        CALCULATOR, "GetResourceReplicas", 10, HUNDRED_70, ready(140, 140, 140), 6
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_calculator(case: Case) -> None:
    assert desired_replicas(case.current, case.target, case.samples) == case.wanted


@pytest.mark.parametrize(
    ("current", "totals_m", "wanted"),
    [
        (2, (11_000, 0), 2),  # 11 by 2 x 5 is 1.1
        (2, (11_001, 0), 3),
        (4, (11_000, 0), 3),  # ceil(11 / 5), whatever the number of pods
        (2, (0, 9_000), 5),  # the queue asks for more: ceil(9 / 2)
        (5, (23_000, 12_000), 6),  # one within the tolerance asks for 5, the other for 6
        (3, (0, 0), 0),  # the bounds come later
    ],
)
def test_keda_by_get_external_per_pod_metric_replicas(
    current: int, totals_m: tuple[int, int], wanted: int
) -> None:
    """replica_calculator.go, GetExternalPerPodMetricReplicas; horizontal.go,
    computeReplicasForMetrics takes the most."""
    assert desired_for_totals(current, External((5000, 2000)), totals_m) == wanted


def scaling(up: Rules, down: Rules = DEFAULT_DOWN, least: int = 1, most: int = 100) -> Scaling:
    return Scaling(HUNDRED_70, least, most, up, down)


@pytest.mark.parametrize(
    ("up", "current", "wanted"), [(percent(12, 60), 25, 29), (percent(100, 60), 3, 6)]
)
def test_up_by_percent_rounds_a_float_up(up, current: int, wanted: int) -> None:
    """horizontal.go, calculateScaleUpLimitWithScalingRules: 25 x 1.12 is 28.000000000000004."""
    behaviour = Behaviour(scaling(Rules(0, (up,))))
    assert behaviour.replicas(0.0, current, 100) == wanted


def test_down_by_percent_cuts_a_float() -> None:
    """horizontal.go, calculateScaleDownLimitWithBehaviors: 5 x (1 - 0.8) is 0.9999999999999998."""
    behaviour = Behaviour(scaling(Rules(0, (pods(1, 60),)), Rules(0, (percent(80, 60),))))
    assert behaviour.replicas(0.0, 5, 0) == 1, "the minimum, not 1 of the policy"
    behaviour = Behaviour(scaling(Rules(0, (pods(1, 60),)), Rules(0, (percent(80, 60),))))
    assert behaviour.replicas(0.0, 25, 0) == 4, "25 x 0.2 is 4.999999999999999"


def test_both_windows_hold_a_recommendation() -> None:
    """horizontal.go, stabilizeRecommendationWithBehaviors (since 1.27): limits from both windows
    at once, where only that of the direction counted before."""
    behaviour = Behaviour(scaling(Rules(60, (pods(9, 15),)), Rules(60, (percent(100, 15),))))
    assert behaviour.replicas(0.0, 5, 5) == 5
    assert behaviour.replicas(15.0, 5, 9) == 5, "5 was the lowest of the last minute"
    assert behaviour.replicas(30.0, 5, 2) == 5, "9 was the highest"
    # By now 9 and 2 are in the window: the lowest is 2, the highest 9, so 5 may stay.
    assert behaviour.replicas(61.0, 5, 7) == 5


def test_an_unknown_metric_is_no_recommendation() -> None:
    """horizontal.go, reconcileAutoscaler returns before it stabilizes."""
    behaviour = Behaviour(scaling(Rules(60, (pods(9, 15),))))
    assert behaviour.replicas(0.0, 2, 8) == 2
    assert behaviour.replicas(30.0, 2, None) == 2
    assert behaviour.replicas(61.0, 2, 8) == 8, "the 2 of second 30 would have held it"


def test_the_first_number_is_recorded_even_out_of_bounds() -> None:
    """horizontal.go, recordInitialRecommendation."""
    behaviour = Behaviour(scaling(Rules(0, (pods(9, 15),)), least=3))
    assert behaviour.replicas(0.0, 60, 1) == 60
    outside = Behaviour(scaling(Rules(0, (pods(9, 15),)), least=3, most=50))
    assert outside.replicas(0.0, 60, 1) == 50
    assert outside.replicas(15.0, 50, 3) == 50, "the 60 of the start is five minutes in the window"


def test_a_new_change_replaces_an_old_one_of_its_direction() -> None:
    """horizontal.go, storeScaleEvent: a change downwards is outdated after the longest period for
    scaling down, also where those for scaling up look back further."""
    rules = scaling(Rules(0, (pods(1, 300),)), Rules(0, (pods(50, 15),)))
    behaviour = Behaviour(rules)
    assert behaviour.replicas(0.0, 40, 30) == 30
    assert behaviour.replicas(30.0, 30, 20) == 20
    # The period for scaling up began with 30, not with 40: the first change was replaced.
    assert behaviour.replicas(45.0, 20, 90) == 31


def test_the_sync_goes_through_all_of_it() -> None:
    rules = scaling(Rules(0, (pods(4, 60),)), most=5)
    autoscaler = Autoscaler(rules)
    assert autoscaler.sync(0.0, 3, ready(78, 78, 77)) == 3
    assert autoscaler.sync(15.0, 3, ready(100, 100, 100)) == 5
    assert autoscaler.sync(30.0, 5, [PENDING] * 5) == 5


def test_quantities_are_rounded_up() -> None:
    """resource.Quantity, MilliValue: 100.1m are 101m; noise of a division is none."""
    assert (milli(0.1001), milli(0.1), milli(0.3 / 3), milli(0)) == (101, 100, 100, 0)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Average(0), "the target must be above 0, got 0"),
        (lambda: Utilization(0, 100), "the target must be above 0"),
        (lambda: Utilization(70, 0), "the request must be above 0"),
        (lambda: External((5, 0)), "the target must be above 0"),
    ],
)
def test_a_target_of_nothing_is_refused(make, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make()
