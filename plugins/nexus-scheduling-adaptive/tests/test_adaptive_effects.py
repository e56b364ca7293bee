"""What the policy does under load, in virtual time (`python -m bench.scheduling`: the figures)."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import scheduling as bench
from bench.queue_simulation import Arrival, Simulation
from nexus.config import Settings
from nexus.plugins import load_plugins
from nexus.scheduling.policies import Fifo
from nexus.service.policy import policy_of
from nexus_scheduling_adaptive import Adaptive


def test_installed_it_can_be_named() -> None:
    settings = Settings(cache_dir=Path("/c"), scheduling_policy="adaptive")
    assert isinstance(policy_of(settings, load_plugins({})), Adaptive)


def test_the_page_has_these_figures() -> None:
    rows = bench.adaptive_rows(Adaptive)
    assert not bench.missing_on_page(rows), "see `python -m bench.scheduling`"


@pytest.mark.parametrize("cores", [1, 4, 8])
def test_adaptive_finds_a_limit_near_the_knee_and_sheds_the_rest(cores: int) -> None:
    """The knee is at one request a core; 64 places are far beyond."""
    adaptive = bench.crowded(Adaptive, cores=cores, load=2.0)
    fifo = bench.crowded(Fifo, cores=cores, load=2.0)
    assert cores <= bench.settled_limit(adaptive) <= 2 * cores + 2
    assert bench.served_per_second(adaptive) > 0.93 * bench.served_per_second(fifo)
    worst = bench.quantile((r.latency_s for r in bench.served(adaptive.done)), 0.99)
    assert worst < 0.25  # 0.1 s in the queue, and as long as at the knee
    assert all(request.end in ("served", "refused") for request in adaptive.done)


def test_adaptive_lets_sleepers_run_side_by_side() -> None:
    """Requests that wait by themselves do not wait for each other: the limit is not for them."""
    simulation = Simulation(Adaptive, places=64, cores=1000)
    make = lambda source, at: Arrival(at, source.uniform(0.01, 0.09))  # noqa: E731
    simulation.cpu_share = 0.01
    simulation.run(bench.poisson(800, 20, make, 6))
    assert bench.settled_limit(simulation) > 40
    settled = [request for request in simulation.done if request.arrival.at > 5]
    assert bench.share_served(settled) > 0.99
