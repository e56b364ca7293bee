"""Which functions count their depth: those that recur, and where a chain gets long."""

from __future__ import annotations

import random

from nexus.wasm.call_graph import MAX_CHAIN, Calls, frames_to_count


def graph(
    *calls: set[int], targets: tuple[set[int], ...] = (), **types: set[int]
) -> dict[int, int]:
    by_type = {int(name[1:]): found for name, found in types.items()}
    return frames_to_count(
        [Calls(set(found), by_type.get(at, set())) for at, found in enumerate(calls)], targets
    )


def test_what_does_not_recur_is_not_counted() -> None:
    assert graph({1, 2}, {2}, set()) == {}


def test_what_recurs_is_counted() -> None:
    assert graph({0}) == {0: 1}
    assert graph({1}, {2}, {1}) == {1: 1, 2: 1}


def test_a_function_that_recurs_counts_the_chain_below_it() -> None:
    assert graph({0, 1}, {2}, set()) == {0: 3}


def test_an_indirect_call_may_reach_all_of_its_type() -> None:
    assert graph(set(), set(), f0={0}, targets=({0, 1},)) == {0: 2}
    assert graph(set(), {0}, f0={0}, targets=({1},)) == {0: 1, 1: 1}
    assert graph(set(), {0}, f0={0}, targets=(set(), {1})) == {}


def test_a_long_chain_is_cut() -> None:
    length = 10 * MAX_CHAIN
    counted = graph(*({at + 1} for at in range(length)), set())
    assert counted
    uncounted = longest = 0
    for function in range(length + 1):
        uncounted = 0 if function in counted else uncounted + 1
        longest = max(longest, uncounted)
    assert longest <= MAX_CHAIN


def test_a_walk_never_has_more_frames_than_it_counted() -> None:
    chance = random.Random(7)
    for _ in range(300):
        size = chance.randrange(1, 30)
        calls = [
            {chance.randrange(size) for _ in range(chance.choice((0, 1, 1, 2)))}
            for _ in range(size)
        ]
        counted = graph(*calls)
        function, charged = chance.randrange(size), 0
        for frames in range(1, 200):
            charged += counted.get(function, 0)
            assert frames <= charged + MAX_CHAIN
            if not calls[function]:
                break
            function = chance.choice(sorted(calls[function]))
