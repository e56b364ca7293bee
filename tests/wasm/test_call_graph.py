"""Which functions count their depth: those that recur, and where a chain gets long."""

from __future__ import annotations

import random

from nexus.wasm.metering.call_graph import MAX_CHAIN, Calls, analyse


def graph(*calls: set[int], targets: tuple[set[int], ...] = (), **types: set[int]) -> set[int]:
    by_type = {int(name[1:]): found for name, found in types.items()}
    return analyse(
        [Calls(set(found), by_type.get(at, set())) for at, found in enumerate(calls)],
        targets,
    ).counted


def test_what_does_not_recur_is_not_counted() -> None:
    assert graph({1, 2}, {2}, set()) == set()


def test_what_recurs_is_counted() -> None:
    assert graph({0}) == {0}
    assert graph({1}, {2}, {1}) == {1, 2}


def test_what_lies_between_two_cycles_is_not_counted() -> None:
    assert graph({0, 1}, {2}, {2}) == {0, 2}


def test_an_indirect_call_may_reach_all_of_its_type() -> None:
    assert graph(set(), set(), f0={0}, targets=({0, 1},)) == {0}
    assert graph(set(), {0}, f0={0}, targets=({1},)) == {0, 1}
    assert graph(set(), {0}, f0={0}, targets=(set(), {1})) == set()


def test_a_long_chain_is_cut() -> None:
    length = 10 * MAX_CHAIN
    counted = graph(*({at + 1} for at in range(length)), set())
    assert length + 1 - len(counted) == MAX_CHAIN


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
            charged += function in counted
            assert frames <= charged + MAX_CHAIN
            if not calls[function]:
                break
            function = chance.choice(sorted(calls[function]))
