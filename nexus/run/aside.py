"""What a run leaves to others while its guest waits for the network, and takes back afterwards."""

from __future__ import annotations

from types import TracebackType
from typing import Generic, Protocol, TypeVar

Lent = TypeVar("Lent")
Given = TypeVar("Given", contravariant=True)


class PlaceInQueue(Protocol):
    """The part of admission that gives a place up and back (`nexus.scheduling.Admission`)."""

    def step_aside(self) -> None:
        """Give the place up for a while; the run still counts for its handler's own limit."""
        ...

    def step_back(self, handler: str, deadline: float) -> None:
        """Wait for a place, ahead of new requests, and take one at *deadline* in any case."""
        ...


class PlaceInPool(Protocol[Given]):
    """The part of the pool that does the same (`nexus.pool.InstancePool`)."""

    def step_aside(self, instance: Given) -> None:
        """Let another instance be lent in the place of *instance*, which stays with its run."""
        ...

    def step_back(self, instance: Given) -> None:
        """Count *instance* again."""
        ...


class Aside(Generic[Lent]):
    """A run's two places, given up for the length of a `with` block; used by the run's thread."""

    def __init__(
        self, queue: PlaceInQueue, pool: PlaceInPool[Lent], instance: Lent, handler: str
    ) -> None:
        self._queue, self._pool = queue, pool
        self._instance, self._handler = instance, handler
        self.deadline = 0.0
        """of the run; set before the block"""

    def __enter__(self) -> None:
        self._pool.step_aside(self._instance)
        self._queue.step_aside()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._queue.step_back(self._handler, self.deadline)
        self._pool.step_back(self._instance)
