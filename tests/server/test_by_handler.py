"""A queue in which handlers take turns, beside a plain model of it."""

from __future__ import annotations

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus.server.by_handler import ByHandler


def test_handlers_take_turns_and_each_is_in_order() -> None:
    queue: ByHandler[int] = ByHandler()
    for at, name in enumerate(["a", "a", "a", "b", "", "b"]):
        queue.append(name, at)
    assert sorted(queue) == [0, 1, 2, 3, 4, 5]
    assert [queue.popleft() for _ in range(6)] == [0, 3, 4, 1, 5, 2]
    assert not queue
    with pytest.raises(LookupError):
        queue.popleft()


@given(st.lists(st.tuples(st.sampled_from(["add", "take", "remove", "clear"]), st.integers(0, 3))))
def test_nothing_is_lost_or_served_twice(steps: list[tuple[str, int]]) -> None:
    queue: ByHandler[int] = ByHandler()
    model: dict[str, deque[int]] = {}
    for at, (step, number) in enumerate(steps):
        name = "abcd"[number]
        if step == "add":
            queue.append(name, at)
            model.setdefault(name, deque()).append(at)
        elif step == "take" and model:
            first = next(iter(model))
            assert queue.popleft() == model[first].popleft()
            if left := model.pop(first):
                model[first] = left
        elif step == "remove":
            held = model.get(name)
            assert queue.remove(name, held[-1] if held else -1) is bool(held)
            if held:
                held.pop()
                if not held:
                    del model[name]
        elif step == "clear":
            queue.clear()
            model.clear()
        assert len(queue) == sum(map(len, model.values()))
        assert list(queue) == [one for held in model.values() for one in held]
