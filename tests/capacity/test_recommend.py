"""Which profile to take, and why."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nexus.capacity.profiles import POD_PROFILES
from nexus.capacity.recommend import Outlook, Recommendation, outlook, recommend
from nexus.capacity.trace import Trace, with_a_spike


def outlooks(cpu_s: float, rate: float, trace: Trace | None = None) -> dict[str, Outlook]:
    trace = trace or with_a_spike(rate)
    return {n: outlook(p, cpu_s, rate, trace) for n, p in POD_PROFILES.items()}


def choose(cpu_s: float, rate: float, trace: Trace | None = None) -> Recommendation:
    return recommend(outlooks(cpu_s, rate, trace).values())


def test_requests_a_pod_follow_from_what_it_can_use() -> None:
    found = outlooks(0.002, 500)
    assert {n: o.rate_per_pod for n, o in found.items()} == pytest.approx(
        {"burst": 500, "guaranteed": 1000, "throughput": 2000, "latency": 1000, "edge": 125}
    )
    assert found["burst"].requested_rate_per_pod == pytest.approx(50)


def test_pods_for_a_rate_are_where_the_hpa_settles() -> None:
    found = outlooks(0.002, 2000)  # four cores
    assert {n: o.pods_for_rate for n, o in found.items()} == {
        "burst": 6,  # at 700m
        "guaranteed": 3,  # at 1400m
        "throughput": 2,  # at 2700m
        "latency": 4,  # at 1000m
        "edge": 3,  # all there may be
    }
    assert [n for n, o in found.items() if not o.carries_rate] == ["edge"]


def test_costs_are_added_up_over_the_trace() -> None:
    """An hour at one core: burst has 2 pods for it, and takes the core it uses, not its 200m."""
    trace = Trace(((0, 500), (3600, 0)))
    burst = outlook(POD_PROFILES["burst"], 0.002, 500, trace)
    assert (burst.pod_hours, burst.core_hours) == pytest.approx((2, 1))
    assert burst.borrowed_share == 1
    guaranteed = outlook(POD_PROFILES["guaranteed"], 0.002, 500, trace)
    assert (guaranteed.pod_hours, guaranteed.core_hours) == pytest.approx((2, 4))
    assert guaranteed.borrowed_share == 0


@pytest.mark.parametrize(
    ("rate", "name"),
    [(20, "burst"), (200, "burst"), (1000, "guaranteed"), (3000, "throughput")],
)
def test_more_load_means_larger_pods(rate: float, name: str) -> None:
    assert choose(0.002, rate).name == name


def test_a_little_all_the_time_is_for_edge() -> None:
    """0.2 of a core for an hour: two pods of burst take as much from the nodes, unrequested."""
    found = choose(0.002, 110, Trace(((0, 110), (3600, 0))))
    assert found.name == "edge"


def test_where_none_fits_it_says_what_is_wrong_with_the_best() -> None:
    found = choose(0.002, 50_000)
    assert found.name == "throughput"
    assert found.why.startswith("none fits; it serves most (")
    assert "10 pods, its most, have too little CPU for the rate" in found.why


def test_the_reason_names_the_others_that_fit() -> None:
    why = choose(0.002, 3000).why
    assert "(throughput)" in why
    assert "core-hours" in why


def test_a_full_node_is_an_objection_to_living_on_bursts() -> None:
    (objection,) = outlooks(0.002, 500)["burst"].objections
    assert objection.startswith("uses more CPU than it requests for 100% of the time")


def test_a_tie_goes_to_the_smaller_memory() -> None:
    found = outlook(POD_PROFILES["guaranteed"], 0.002, 500, with_a_spike(500))
    smaller = replace(found, profile=replace(found.profile, name="smaller", memory_mib=1))
    chosen = recommend([found, smaller])
    assert chosen.name == "smaller"
    assert chosen.why.endswith("as few core-hours as guaranteed, 8.00, and the least memory")


def test_no_requests_at_all_are_all_served() -> None:
    nothing = Trace(((0, 0), (60, 0)))
    assert outlook(POD_PROFILES["burst"], 0.002, 1, nothing).served_share == 1
