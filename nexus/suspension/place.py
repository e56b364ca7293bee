"""What one run takes from others while it executes, and gives back while it is parked."""

from __future__ import annotations

from nexus.dispatch import Deadlines, Queue
from nexus.model import Handler
from nexus.pool import Execution
from nexus.watchdog import Watch


class Place:
    """A place in the queue and the watchdog's eye, for one run; used by the run's thread.

    Stands before both: the path enters and leaves here as if it were they, and whatever it leaves
    was perhaps given back before.
    """

    def __init__(self, queue: Queue, deadlines: Deadlines, handler: Handler) -> None:
        self._queue, self._deadlines, self._handler = queue, deadlines, handler
        self._entered = False
        self._watch: Watch | None = None

    def enter(self, handler: str, max_concurrency: int, deadline: float) -> float:
        """As `Admission.enter`."""
        waited_s = self._queue.enter(handler, max_concurrency, deadline)
        self._entered = True
        return waited_s

    def leave(self, handler: str, max_concurrency: int) -> None:
        """As `Admission.leave`, if it is there."""
        if self._entered:
            self._entered = False
            self._queue.leave(handler, max_concurrency)

    def watch(self, run: Execution) -> Watch:
        """As `Watchdog.watch`."""
        self._watch = self._deadlines.watch(run)
        return self._watch

    def unwatch(self, watch: Watch) -> None:
        """As `Watchdog.unwatch`, if it is watched."""
        if self._watch is not None:
            self._deadlines.unwatch(self._watch)
            self._watch = None

    def park(self) -> None:
        """Give everything back."""
        if self._watch is not None:
            self.unwatch(self._watch)
        self.leave(self._handler.name, self._handler.max_concurrency)

    def take_again(self, run: Execution) -> None:
        """Take everything again, before *run*'s deadline.

        Raises: AdmissionError.
        """
        self.enter(self._handler.name, self._handler.max_concurrency, run.deadline)
        self.watch(run)
