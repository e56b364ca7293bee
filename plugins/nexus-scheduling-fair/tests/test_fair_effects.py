"""What the policy does to tenants, in virtual time (`python -m bench.scheduling`: the figures)."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import scheduling as bench
from bench.queue_simulation import KEY_HEADER, Arrival, Simulation
from nexus.config import Settings
from nexus.errors import ConfigError
from nexus.plugins import load_plugins
from nexus.scheduling.policies import Fifo
from nexus.service.policy import policy_of
from nexus_scheduling_fair import FairShare

NAMED = Settings(cache_dir=Path("/c"), scheduling_policy="fair")


def test_installed_it_can_be_named() -> None:
    assert isinstance(policy_of(NAMED, load_plugins({})), FairShare)


def test_turned_off_it_offers_nothing() -> None:
    plugins = load_plugins({"NEXUS_DISABLED_PLUGINS": "scheduling-fair"})
    with pytest.raises(ConfigError, match="the package nexus-scheduling-fair has it"):
        policy_of(NAMED, plugins)


def test_the_page_has_these_figures() -> None:
    assert not bench.missing_on_page(bench.fair_rows(FairShare)), "`python -m bench.scheduling`"


def test_a_flood_leaves_the_other_tenant_alone_under_fair_and_not_under_fifo() -> None:
    idle = bench.quiet_p99_ms(bench.tenants(Fifo, flood=0)["quiet"])
    fair = bench.tenants(FairShare, flood=2400)["quiet"]
    fifo = bench.tenants(Fifo, flood=2400)["quiet"]
    assert bench.quiet_p99_ms(fair) < 2 * idle
    assert bench.share_served(fair) == 1.0
    assert bench.quiet_p99_ms(fifo) > 5 * idle
    assert bench.share_served(fifo) < 0.5


def test_fair_loses_no_capacity() -> None:
    """Whatever the quiet one leaves, the flood has: 800 a second for 15 s."""
    found = bench.tenants(FairShare, flood=2400)
    assert len(bench.served(found["quiet"] + found["flood"])) > 0.99 * 800 * 15


def test_weights_divide_what_there_is() -> None:
    """Two floods share as 3 to 1."""

    def asks(tenant: str, seed: int) -> list[Arrival]:
        make = lambda source, at: Arrival(at, 0.01, tenant=tenant)  # noqa: E731
        return list(bench.poisson(400, 20, make, seed))

    options = bench.PolicyOptions(key_header=KEY_HEADER, weights={"gold": 3.0})
    simulation = Simulation(FairShare, places=4, cores=4, options=options)
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
    simulation = Simulation(FairShare, places=4, cores=4, options=options)
    done = bench.served(simulation.run(asks("long", 0.1, 80) + asks("short", 0.01, 800)))
    both = [request for request in done if request.ended < 20]  # then what waits still drains
    used = {
        tenant: sum(r.arrival.work_s for r in both if r.arrival.tenant == tenant)
        for tenant in ("long", "short")
    }
    assert used["long"] / used["short"] == pytest.approx(1.0, rel=0.1)
