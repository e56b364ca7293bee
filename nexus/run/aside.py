"""What a run leaves to others while its guest waits for the network, and takes back afterwards."""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar

Lent = TypeVar("Lent")
Given = TypeVar("Given", contravariant=True)


class PlaceInQueue(Protocol):
    """The part of admission that gives a place up and back (`nexus.scheduling.Admission`)."""

    def step_aside(self) -> None:
        """Give the place up for a while; the run still counts for its handler's own limit."""
        ...

    def step_back(self) -> None:
        """Take a place again, whether one is free or not."""
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
    """A run's two places, which it can give up for a while; used by the run's thread."""

    def __init__(self, queue: PlaceInQueue, pool: PlaceInPool[Lent], instance: Lent) -> None:
        self._queue, self._pool, self._instance = queue, pool, instance

    def give_up(self) -> None:
        """Give both places up."""
        self._pool.step_aside(self._instance)
        self._queue.step_aside()

    def take_back(self) -> None:
        """Take both back."""
        self._queue.step_back()
        self._pool.step_back(self._instance)
