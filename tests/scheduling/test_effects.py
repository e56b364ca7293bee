"""Each policy does what it is for, in virtual time (`python -m bench.scheduling`: the figures)."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import scheduling as bench
from bench.queue_simulation import KEY_HEADER, Arrival, Simulation
from nexus.scheduling.policies import EarliestDeadline, Fifo, Priority, Shortest

POLICIES = bench.installed()
PAGE = Path(__file__).parents[2] / "docs" / "scheduling.md"


def test_the_page_has_these_figures() -> None:
    lines = PAGE.read_text().splitlines()
    for rows in bench.tables():
        for line in bench.as_markdown(rows):
            assert line in lines, "see `python -m bench.scheduling`"


def test_a_flood_leaves_the_other_tenant_alone_under_fair_and_not_under_fifo() -> None:
    idle = bench.quiet_p99_ms(bench.tenants(Fifo, flood=0)["quiet"])
    fair = bench.tenants(POLICIES["fair"], flood=2400)["quiet"]
    fifo = bench.tenants(Fifo, flood=2400)["quiet"]
    assert bench.quiet_p99_ms(fair) < 2 * idle
    assert bench.share_served(fair) == 1.0
    assert bench.quiet_p99_ms(fifo) > 5 * idle
    assert bench.share_served(fifo) < 0.5


def test_fair_loses_no_capacity() -> None:
    """Whatever the quiet one leaves, the flood has: 800 a second for 15 s."""
    found = bench.tenants(POLICIES["fair"], flood=2400)
    assert len(bench.served(found["quiet"] + found["flood"])) > 0.99 * 800 * 15


def test_weights_divide_what_there_is() -> None:
    """Two floods share as 3 to 1."""

    def asks(tenant: str, seed: int) -> list[Arrival]:
        make = lambda source, at: Arrival(at, 0.01, tenant=tenant)  # noqa: E731
        return list(bench.poisson(400, 20, make, seed))

    options = bench.PolicyOptions(key_header=KEY_HEADER, weights={"gold": 3.0})
    simulation = Simulation(POLICIES["fair"], places=4, cores=4, options=options)
    done = simulation.run(asks("gold", 1) + asks("free", 2))
    counts = {
        tenant: sum(r.end == "served" for r in done if r.arrival.tenant == tenant)
        for tenant in ("gold", "free")
    }
    assert counts["gold"] / counts["free"] == pytest.approx(3.0, rel=0.05)


def test_a_key_with_long_requests_gets_as_much_time_not_as_many() -> None:
    def asks(tenant: str, work_s: float, rate: float) -> list[Arrival]:
        make = lambda source, at: Arrival(at, work_s, tenant, tenant=tenant)  # noqa: E731
        return list(bench.poisson(rate, 20, make, 3))

    options = bench.PolicyOptions(key_header=KEY_HEADER)
    simulation = Simulation(POLICIES["fair"], places=4, cores=4, options=options)
    done = bench.served(simulation.run(asks("long", 0.1, 80) + asks("short", 0.01, 800)))
    both = [request for request in done if request.ended < 20]  # then what waits still drains
    used = {
        tenant: sum(r.arrival.work_s for r in both if r.arrival.tenant == tenant)
        for tenant in ("long", "short")
    }
    assert used["long"] / used["short"] == pytest.approx(1.0, rel=0.1)


def test_ageing_bounds_how_long_anybody_starves() -> None:
    """Priority 9 alone is more than can be served: without ageing 5 waits for its end, at 20 s."""
    aged = bench.priorities(Priority)
    strict = bench.priorities(Priority, ageing_s=3600.0)
    fifo = bench.priorities(Fifo)
    # It waits for those of 9 that were there before it, or came within four steps of 0.5 s.
    behind_s = bench.longest_wait_s(aged[9])
    assert bench.longest_wait_s(aged[5]) < behind_s + 4 * 0.5 + 0.1
    assert bench.longest_wait_s(strict[5]) > 15
    assert bench.quantile((r.waited_s for r in aged[9]), 0.5) < bench.quantile(
        (r.waited_s for r in fifo[9]), 0.5
    )


def test_a_queue_full_of_the_unimportant_has_room_for_the_important() -> None:
    flood = [Arrival(0.0, 0.1, priority=1) for _ in range(50)]
    urgent = [Arrival(0.01, 0.1, priority=9) for _ in range(5)]
    done = Simulation(Priority, places=2, cores=2, max_queue=20).run(flood + urgent)
    ends = [request.end for request in done if request.arrival.priority == 9]
    assert ends == ["served"] * 5
    assert sum(request.end == "displaced" for request in done) == 5


def test_shortest_first_lowers_the_mean_wait() -> None:
    fifo, shortest = bench.mixed(Fifo), bench.mixed(Shortest)
    assert bench.mean_wait_ms(shortest) < 0.5 * bench.mean_wait_ms(fifo)
    assert bench.mean_wait_ms(shortest, "long") < 1.5 * bench.mean_wait_ms(fifo, "long")


@pytest.mark.parametrize("load", [0.9, 1.3, 3.0])
def test_deadline_refuses_early_what_would_time_out(load: float) -> None:
    fifo, deadline = bench.urgent(Fifo, load), bench.urgent(EarliestDeadline, load)
    assert bench.share_served(deadline) > bench.share_served(fifo)
    cut_off = sum(request.end == "timeout" for request in deadline) / len(deadline)
    assert cut_off < 0.001  # of fifo's 0.8 to 4.6 %
    if load > 1:
        assert bench.told_after_ms(deadline) < 0.5 * bench.told_after_ms(fifo)
        refused = [request for request in deadline if request.end == "refused"]
        assert len(refused) > 0.7 * sum(request.end != "served" for request in deadline)


@pytest.mark.parametrize("cores", [1, 4, 8])
def test_adaptive_finds_a_limit_near_the_knee_and_sheds_the_rest(cores: int) -> None:
    """The knee is at one request a core; 64 places are far beyond."""
    adaptive = bench.crowded(POLICIES["adaptive"], cores=cores, load=2.0)
    fifo = bench.crowded(Fifo, cores=cores, load=2.0)
    assert cores <= bench.settled_limit(adaptive) <= 2 * cores + 2
    assert bench.served_per_second(adaptive) > 0.93 * bench.served_per_second(fifo)
    worst = bench.quantile((r.latency_s for r in bench.served(adaptive.done)), 0.99)
    assert worst < 0.25  # 0.1 s in the queue, and as long as at the knee
    assert all(request.end in ("served", "refused") for request in adaptive.done)


def test_adaptive_lets_sleepers_run_side_by_side() -> None:
    """Requests that wait by themselves do not wait for each other: the limit is not for them."""
    simulation = Simulation(POLICIES["adaptive"], places=64, cores=1000)
    make = lambda source, at: Arrival(at, source.uniform(0.01, 0.09))  # noqa: E731
    simulation.cpu_share = 0.01
    simulation.run(bench.poisson(800, 20, make, 6))
    assert bench.settled_limit(simulation) > 40
    settled = [request for request in simulation.done if request.arrival.at > 5]
    assert bench.share_served(settled) > 0.99
