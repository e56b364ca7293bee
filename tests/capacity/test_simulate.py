"""Pods under a trace."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nexus.capacity.profiles import POD_PROFILES, PodProfile
from nexus.capacity.simulate import SCHEDULED_S, START_CPU_S, STEP_S, Moment, simulate
from nexus.capacity.targets import Utilization, milli
from nexus.capacity.trace import Trace, with_a_spike

PROFILES = st.sampled_from(list(POD_PROFILES.values()))
BURST, LATENCY = POD_PROFILES["burst"], POD_PROFILES["latency"]


def at_70_percent(profile: PodProfile) -> PodProfile:
    target = replace(profile.scaling, target=Utilization(70, milli(profile.request_cores)))
    return replace(profile, scaling=target)


def first(moments: tuple[Moment, ...], pods: int) -> float:
    """When there first were so many pods."""
    return next(m.at for m in moments if m.replicas >= pods)


@settings(deadline=None, max_examples=60)
@given(
    profile=PROFILES,
    cpu_s=st.floats(1e-4, 1.0),
    rates=st.lists(st.floats(0, 5000), min_size=2, max_size=8),
)
def test_every_request_is_accounted_for(
    profile: PodProfile, cpu_s: float, rates: list[float]
) -> None:
    moments = simulate(profile, cpu_s, Trace(tuple((n * 60.0, r) for n, r in enumerate(rates))))
    waited = 0.0
    for moment in moments:
        wanted = waited + moment.rate * STEP_S
        came_of_it = (moment.served + moment.rejected) * STEP_S + moment.waiting
        assert came_of_it == pytest.approx(wanted, abs=1e-6)
        assert min(moment.served, moment.rejected, moment.waiting) >= -1e-9
        assert moment.waiting <= moment.ready * profile.places
        assert moment.cores <= moment.ready * profile.usable_cores + 1e-9
        assert moment.ready <= moment.replicas
        scaling = profile.scaling
        assert scaling.min_replicas <= moment.replicas <= scaling.max_replicas
        waited = moment.waiting


def test_one_busy_core_takes_all_pods_at_70_percent_of_a_request_of_100m() -> None:
    """Facts 15 and 24: 500 requests/s of 2 ms are one core."""
    trace = Trace(((0, 500), (3600, 0)))
    assert simulate(at_70_percent(BURST), 0.002, trace)[-1].replicas == 10
    assert simulate(BURST, 0.002, trace)[-1].replicas == 2


def test_the_hpa_sees_a_step_late_and_pods_start_later() -> None:
    """Latency scales at once: what takes time is metrics and the start of a pod."""
    trace = Trace(((0, 100), (600, 1600), (1200, 0)))
    moments = simulate(LATENCY, 0.002, trace)
    more = first(moments, 3)
    assert 615 <= more <= 645
    ready = next(m.at for m in moments if m.ready >= 3)
    assert ready - more >= SCHEDULED_S + START_CPU_S


def test_pods_on_a_quarter_of_a_core_start_later() -> None:
    trace = Trace(((0, 20), (600, 200), (1200, 0)))
    moments = simulate(POD_PROFILES["edge"], 0.002, trace)
    ready = next(m.at for m in moments if m.ready >= 2)
    assert ready - first(moments, 2) >= SCHEDULED_S + 4 * START_CPU_S


def test_pods_that_start_are_not_taken_for_idle() -> None:
    """Were they, the average would fall and the next sync would hold back or scale down."""
    moments = simulate(LATENCY, 0.002, Trace(((0, 100), (300, 5000), (900, 0))))
    counts = [m.replicas for m in moments]
    assert counts == sorted(counts)
    assert counts[-1] == 10


def test_what_waits_is_served_after_the_spike() -> None:
    moments = simulate(POD_PROFILES["edge"], 1.0, Trace(((0, 1), (5, 0), (120, 0))))
    assert moments[0].waiting == pytest.approx(1.25)  # 5 came, three quarters of a core did 3.75
    assert sum(m.served for m in moments) * STEP_S == pytest.approx(5)
    assert sum(m.rejected for m in moments) == 0


def test_it_begins_where_the_first_rate_had_settled() -> None:
    moments = simulate(LATENCY, 0.002, Trace(((0, 2500), (1800, 0))))
    assert {m.replicas for m in moments} == {5}


def test_it_comes_back_after_a_spike() -> None:
    moments = simulate(BURST, 0.002, with_a_spike(500))
    assert max(m.replicas for m in moments) == 3
    assert moments[-1].replicas == 2


@pytest.mark.parametrize("cpu_s", [0.0, -1.0, float("nan")])
def test_a_request_that_costs_nothing_is_refused(cpu_s: float) -> None:
    with pytest.raises(ValueError, match="must be above 0"):
        simulate(BURST, cpu_s, with_a_spike(1))
