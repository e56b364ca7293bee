"""A run's place in the queue and the watchdog, which it gives back while it is parked."""

from __future__ import annotations

from typing import Any

from nexus.model import Handler, Task
from nexus.run import Execution
from nexus.run.dispatch import Deadlines, Queue
from nexus.run.watchdog import Watch


class Place:
    """One run's place in the queue and its watch by the watchdog; used by the run's thread.

    The data path uses it instead of the queue and the watchdog, and may leave a place that the run
    has given back already.
    """

    def __init__(self, queue: Queue, deadlines: Deadlines, handler: Handler) -> None:
        self._queue, self._deadlines, self._handler = queue, deadlines, handler
        self.measures = queue.measures
        self._entered = self._parked = False
        self._task: Task[Any] | None = None
        self._watch: Watch | None = None

    def enter(
        self,
        handler: str,
        max_concurrency: int,
        deadline: float,
        priority: int,
        task: Task[Any] | None,
    ) -> float:
        """Enter the queue; see `Admission.enter`."""
        self._task = task
        waited_s = self._queue.enter(handler, max_concurrency, deadline, priority, task)
        self._entered = True
        return waited_s

    def leave(self, handler: str, max_concurrency: int, took: tuple[float, float] | None) -> None:
        """Leave the queue unless it was left already. Do not report the times of a parked run."""
        if self._entered:
            self._entered = False
            self._queue.leave(handler, max_concurrency, None if self._parked else took)

    def step_aside(self) -> None:
        """See `Admission.step_aside`."""
        self._queue.step_aside()

    def step_back(self) -> None:
        """See `Admission.step_back`."""
        self._queue.step_back()

    def watch(self, run: Execution) -> Watch:
        """Begin the watch; see `Watchdog.watch`."""
        self._watch = self._deadlines.watch(run)
        return self._watch

    def unwatch(self, watch: Watch) -> None:
        """End the watch unless it has ended already."""
        if self._watch is not None:
            self._deadlines.unwatch(self._watch)
            self._watch = None

    def park(self) -> None:
        """Give up the place and the watch."""
        self._parked = True
        if self._watch is not None:
            self.unwatch(self._watch)
        self.leave(self._handler.name, self._handler.max_concurrency, None)

    def take_again(self, run: Execution) -> None:
        """Take a place and a watch again, before *run*'s deadline.

        Raises: AdmissionError.
        """
        handler = self._handler
        self.enter(
            handler.name, handler.max_concurrency, run.deadline, handler.priority, self._task
        )
        self.watch(run)
