"""What holds of an HPA whatever its numbers and whatever it sees."""

from __future__ import annotations

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from nexus.capacity.hpa import Autoscaler
from nexus.capacity.ratio import Sample
from nexus.capacity.scaling import SYNC_S, Policy, Rules, Scaling, Select, Unit
from nexus.capacity.targets import Average, Utilization, milli

POLICIES = st.builds(
    Policy, st.sampled_from(Unit), st.integers(1, 200), st.sampled_from([15, 60, 300])
)
WINDOWS = st.sampled_from([0, 30, 300])


def rules(select: st.SearchStrategy[Select]) -> st.SearchStrategy[Rules]:
    return st.builds(Rules, WINDOWS, st.lists(POLICIES, min_size=1, max_size=3).map(tuple), select)


TARGETS = (Average(70), Average(700), Utilization(70, 100), Utilization(50, 2000))


@st.composite
def scalings(draw: st.DrawFn, select: st.SearchStrategy[Select]) -> Scaling:
    least = draw(st.integers(1, 10))
    most = draw(st.integers(least, 20))
    target = draw(st.sampled_from(TARGETS))
    return Scaling(target, least, most, draw(rules(select)), draw(rules(select)))


SAMPLES = st.builds(
    Sample,
    value_m=st.none() | st.integers(0, 4000),
    started=st.floats(-600, 600),
    ready=st.booleans(),
    changed=st.floats(-600, 600),
    taken=st.floats(-600, 600),
    window_s=st.just(15.0),
    pending=st.booleans(),
)


@settings(deadline=None, max_examples=60)
@given(
    scaling=scalings(st.sampled_from(Select)),
    start=st.integers(1, 60),
    seen=st.lists(st.lists(SAMPLES, max_size=6), min_size=1, max_size=30),
)
def test_it_never_leaves_its_bounds(scaling: Scaling, start: int, seen: list[list[Sample]]) -> None:
    autoscaler, replicas = Autoscaler(scaling), start
    for number, samples in enumerate(seen):
        replicas = autoscaler.sync(number * SYNC_S, replicas, samples)
        assert scaling.min_replicas <= replicas <= scaling.max_replicas


@settings(deadline=None, max_examples=60)  # a busy machine is no fault of the HPA's
@given(
    scaling=scalings(st.sampled_from([Select.MAX, Select.MIN])),
    start=st.integers(1, 40),
    load=st.floats(0, 15),
)
def test_a_steady_load_comes_to_rest_near_the_target(
    scaling: Scaling, start: int, load: float
) -> None:
    """At a bound, within the tolerance, or at the first number that is enough."""
    autoscaler, replicas, found = Autoscaler(scaling), start, []
    # 20 changes of one pod in 300 s each, at most, the longest window, and 20 syncs to compare.
    for number in range(20 * 20 + 20 + 20):
        pods = [Sample(milli(load / replicas), started=-1e6, changed=-1e6)] * replicas
        replicas = autoscaler.sync(number * SYNC_S, replicas, pods)
        found.append(replicas)
    assert len(set(found[-20:])) == 1
    target = scaling.target
    cores = target.cores if isinstance(target, Utilization) else target.value_m / 1000
    # Usage is cut to whole percent of the request: 1 % of it may be missing.
    cut = target.request_m / 100_000 if isinstance(target, Utilization) else 0.001
    least, most = (math.ceil(max(0, load - cut * n) / cores - 0.01) for n in (20, 0))
    wanted = {scaling.bounded(n) for n in range(least, most + 2)}
    assert replicas in wanted or abs(load / replicas / cores - 1) <= scaling.tolerance + cut / cores
