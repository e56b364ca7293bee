"""Each built-in policy does what it is for (`python -m bench.scheduling`: the figures)."""

from __future__ import annotations

import pytest

from bench import scheduling as bench
from bench.queue_simulation import Arrival, Simulation
from nexus.scheduling.policies import EarliestDeadline, Fifo, Priority, Shortest


def test_the_page_has_these_figures() -> None:
    for rows in bench.built_in_tables():
        assert not bench.missing_on_page(rows), "see `python -m bench.scheduling`"


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
