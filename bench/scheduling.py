"""`python -m bench.scheduling`: what each scheduling policy does, in virtual time.

The admission queue and policies are real, the guests simulated: the figures are the same on every
machine. `docs/scheduling.md` has the tables; `tests/scheduling/test_effects.py` checks them, and
the plugins' tests check those of their policies.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

from bench.queue_simulation import Arrival, Request, Simulation
from nexus.plugin_api.scheduling import Policy, PolicyOptions
from nexus.plugins import load_plugins
from nexus.scheduling.policies import EarliestDeadline, Fifo, Priority, Shortest

PAGE = Path(__file__).parents[1] / "docs" / "scheduling.md"
Factory = Callable[[PolicyOptions], Policy]
Rows = list[tuple[str, ...]]


def poisson(
    rate: float, seconds: float, make: Callable[[random.Random, float], Arrival], seed: int
) -> Iterator[Arrival]:
    """Yield arrivals at random, *rate* a second on average."""
    source, at = random.Random(seed), 0.0
    while (at := at + source.expovariate(rate)) < seconds:
        yield make(source, at)


def quantile(values: Iterable[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def served(requests: Iterable[Request]) -> list[Request]:
    return [request for request in requests if request.end == "served"]


def share_served(requests: Iterable[Request]) -> float:
    everybody = list(requests)
    return len(served(everybody)) / len(everybody)


# ---- fair: a flood of one tenant, and another ---------------------------------------------------


@cache
def tenants(policy: Factory, *, flood: float) -> dict[str, list[Request]]:
    """Simulate tenants `quiet` (40 requests/s) and `flood` (*flood*/s); a place serves 100/s."""

    def asks(tenant: str) -> Callable[[random.Random, float], Arrival]:
        return lambda source, at: Arrival(at, source.uniform(0.005, 0.015), tenant=tenant)

    simulation = Simulation(policy, places=8, cores=8)
    arrivals = list(poisson(40, 15, asks("quiet"), 1))
    if flood:
        arrivals += poisson(flood, 15, asks("flood"), 2)
    found: dict[str, list[Request]] = {"quiet": [], "flood": []}
    for request in simulation.run(arrivals):
        found[request.arrival.tenant].append(request)
    return found


def quiet_p99_ms(requests: list[Request]) -> float:
    return 1000 * quantile((request.latency_s for request in served(requests)), 0.99)


def fair_rows(fair: Factory) -> Rows:
    rows: Rows = [("fair: quiet tenant beside a flood of 3 x capacity", "p99", "served")]
    idle = tenants(Fifo, flood=0)["quiet"]
    rows.append(("no flood", f"{quiet_p99_ms(idle):.1f} ms", f"{share_served(idle):.1%}"))
    for name, policy in (("fifo", Fifo), ("fair", fair)):
        quiet = tenants(policy, flood=2400)["quiet"]
        rows.append((name, f"{quiet_p99_ms(quiet):.1f} ms", f"{share_served(quiet):.1%}"))
    return rows


# ---- priority: much that is important, and a little that is not ---------------------------------


@cache
def priorities(policy: Factory, ageing_s: float = 0.5) -> dict[int, list[Request]]:
    """Simulate 20 s of too many requests of priority 9, and a few of priority 5."""
    options = PolicyOptions(ageing_s=ageing_s)
    simulation = Simulation(policy, places=4, cores=4, max_queue=1000, options=options)
    arrivals = [
        *poisson(420, 20, lambda _, at: Arrival(at, 0.01, "urgent", priority=9), 1),
        *poisson(20, 20, lambda _, at: Arrival(at, 0.01, "usual", priority=5), 2),
    ]
    found: dict[int, list[Request]] = {9: [], 5: []}
    for request in simulation.run(arrivals):
        found[request.arrival.priority].append(request)
    return found


def longest_wait_s(requests: Iterable[Request]) -> float:
    return max(request.waited_s for request in requests)


def priority_rows() -> Rows:
    rows: Rows = [("priority: waits; 9 alone is 105 % load", "9, median", "5, longest")]
    cases: list[tuple[str, Factory, float]] = [
        ("fifo", Fifo, 0.5),
        ("priority, a step in 500 ms", Priority, 0.5),
        ("priority, a step in an hour", Priority, 3600.0),
    ]
    for name, policy, ageing_s in cases:
        found = priorities(policy, ageing_s)
        median = quantile((request.waited_s for request in found[9]), 0.5)
        rows.append((name, f"{median:.2f} s", f"{longest_wait_s(found[5]):.2f} s"))
    return rows


# ---- shortest: many short, few long -------------------------------------------------------------


@cache
def mixed(policy: Factory) -> list[Request]:
    """Simulate nine requests of 2 ms for each of 60 ms, at 90 % load."""

    def asks(source: random.Random, at: float) -> Arrival:
        if source.random() < 0.1:
            return Arrival(at, source.uniform(0.04, 0.08), "long")
        return Arrival(at, source.uniform(0.001, 0.003), "short")

    return Simulation(policy, places=2, cores=2, max_queue=1000).run(poisson(230, 60, asks, 3))


def mean_wait_ms(requests: Iterable[Request], handler: str = "") -> float:
    waits = [r.waited_s for r in requests if not handler or r.arrival.handler == handler]
    return 1000 * sum(waits) / len(waits)


def shortest_rows() -> Rows:
    rows: Rows = [
        ("shortest: mean wait of 2 ms and 60 ms requests, load 90 %", "all", "2 ms", "60 ms")
    ]
    for name, policy in (("fifo", Fifo), ("shortest", Shortest)):
        found = mixed(policy)
        waits = (mean_wait_ms(found, handler) for handler in ("", "short", "long"))
        rows.append((name, *(f"{wait:.1f} ms" for wait in waits)))
    return rows


# ---- deadline: more than can be served in time --------------------------------------------------


@cache
def urgent(policy: Factory, load: float) -> list[Request]:
    """Simulate requests of 20 ms with deadlines of 50 to 500 ms."""

    def asks(source: random.Random, at: float) -> Arrival:
        return Arrival(at, source.uniform(0.01, 0.03), timeout_s=source.uniform(0.05, 0.5))

    return Simulation(policy, places=4, cores=4).run(poisson(200 * load, 30, asks, 4))


def told_after_ms(requests: Iterable[Request]) -> float:
    """Return how long the clients of unserved requests waited for their answer, on average."""
    waits = [request.latency_s for request in requests if request.end != "served"]
    return 1000 * sum(waits) / max(len(waits), 1)


def deadline_rows() -> Rows:
    rows: Rows = [
        (
            "deadline: timeouts of 50 to 500 ms, load 130 %",
            "in time",
            "cut off",
            "others told after",
        )
    ]
    for name, policy in (("fifo", Fifo), ("deadline", EarliestDeadline)):
        found = urgent(policy, 1.3)
        cut = sum(request.end == "timeout" for request in found) / len(found)
        rows.append(
            (name, f"{share_served(found):.1%}", f"{cut:.1%}", f"{told_after_ms(found):.0f} ms")
        )
    return rows


# ---- adaptive: more places than cores -----------------------------------------------------------


@cache
def crowded(policy: Factory, *, cores: int, load: float) -> Simulation:
    """Simulate requests of 10 ms, with 64 places on *cores*."""

    def asks(source: random.Random, at: float) -> Arrival:
        return Arrival(at, source.uniform(0.005, 0.015))

    simulation = Simulation(policy, places=64, cores=cores, max_queue=100)
    simulation.run(poisson(100 * cores * load, 10, asks, 5))
    return simulation


def settled_limit(simulation: Simulation) -> float:
    """Return the average limit in the second half."""
    half = [limit for at, limit in simulation.limits if at > simulation.now / 2]
    return sum(half) / len(half)


def served_per_second(simulation: Simulation) -> float:
    return len(served(simulation.done)) / simulation.now


def adaptive_rows(adaptive: Factory) -> Rows:
    rows: Rows = [
        ("adaptive: 64 places, requests of 10 ms, load 200 %", "limit", "served/s", "p50", "p99")
    ]
    for cores in (1, 4, 8):
        for name, policy in (("fifo", Fifo), ("adaptive", adaptive)):
            simulation = crowded(policy, cores=cores, load=2.0)
            took = [request.latency_s for request in served(simulation.done)]
            rows.append(
                (
                    f"{name}, {cores} core{'s' * (cores > 1)}",
                    f"{settled_limit(simulation):.1f}",
                    f"{served_per_second(simulation):.0f}",
                    f"{1000 * quantile(took, 0.5):.0f} ms",
                    f"{1000 * quantile(took, 0.99):.0f} ms",
                )
            )
    return rows


def tables() -> Iterator[Rows]:
    """Yield the tables of all policies that are installed here."""
    policies = load_plugins({}).scheduling_policies()
    if "fair" in policies:
        yield fair_rows(policies["fair"])
    yield from built_in_tables()
    if "adaptive" in policies:
        yield adaptive_rows(policies["adaptive"])


def built_in_tables() -> Iterator[Rows]:
    """Yield the tables of the policies that come with Nexus."""
    yield priority_rows()
    yield shortest_rows()
    yield deadline_rows()


def as_markdown(rows: Rows) -> list[str]:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return [lines[0], "|" + "---|" * len(rows[0]), *lines[1:]]


def missing_on_page(rows: Rows) -> list[str]:
    """Return the lines of a table that `docs/scheduling.md` lacks."""
    page = PAGE.read_text().splitlines()
    return [line for line in as_markdown(rows) if line not in page]


def main() -> None:
    argparse.ArgumentParser(prog="python -m bench.scheduling", description=__doc__).parse_args()
    for rows in tables():
        print("\n".join(as_markdown(rows)) + "\n")


if __name__ == "__main__":
    main()
