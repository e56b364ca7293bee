"""What a parked run gives back, and what the queue is told of it."""

from __future__ import annotations

from typing import Any

from nexus.model import Handler, HttpRequest, Task
from nexus.suspension.place import Place
from tests import support

TASK = HttpRequest({"HTTP_X_TENANT": "gold"})


class Calls:
    """A queue and deadlines that note what they are asked."""

    measures = True

    def __init__(self) -> None:
        self.entered: list[tuple[int, Task[Any] | None]] = []
        self.left: list[tuple[float, float] | None] = []

    def enter(
        self,
        handler: str,
        max_concurrency: int,
        deadline: float,
        priority: int,
        task: Task[Any] | None,
    ) -> float:
        self.entered.append((priority, task))
        return 0.0

    def leave(self, handler: str, max_concurrency: int, took: tuple[float, float] | None) -> None:
        self.left.append(took)

    def watch(self, run: Any) -> Any:
        return object()

    def unwatch(self, watch: Any) -> None: ...


def place(calls: Calls) -> Place:
    compiled: Any = None
    return Place(calls, calls, Handler("h", "/h", compiled, priority=8))


def test_a_run_that_goes_straight_through_is_measured() -> None:
    calls = Calls()
    taken = place(calls)
    assert taken.measures
    taken.enter("h", 0, 1.0, 8, TASK)
    taken.leave("h", 0, (0.5, 0.25))
    taken.leave("h", 0, (0.5, 0.25))
    assert calls.left == [(0.5, 0.25)]


def test_one_that_was_parked_is_not_and_comes_back_as_who_it_was() -> None:
    calls = Calls()
    taken = place(calls)
    taken.enter("h", 0, 1.0, 8, TASK)
    taken.park()
    taken.take_again(support.run())
    taken.leave("h", 0, (300.0, 0.25))
    assert calls.left == [None, None]
    assert calls.entered == [(8, TASK), (8, TASK)]
