"""A queue of requests that serves the handlers in turn.

In order of arrival one request of a handler would wait for all that came before, also for hundreds
of a handler whose requests are slow.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class ByHandler(Generic[T]):
    """Requests by their handlers' names, those of each handler in order of arrival; "" is a name
    for all that lead to none. The caller must hold its lock for all methods."""

    def __init__(self) -> None:
        self._queues: OrderedDict[str, deque[T]] = OrderedDict()
        """none of them empty; the handler whose turn comes next is the first"""
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[T]:
        for queue in self._queues.values():
            yield from queue

    def append(self, name: str, request: T) -> None:
        """Add a request of the handler *name*."""
        self._queues.setdefault(name, deque()).append(request)
        self._length += 1

    def popleft(self) -> T:
        """Take out the oldest request of the handler whose turn it is. Raises: LookupError."""
        name = next(iter(self._queues), None)
        if name is None:
            raise LookupError("no request waits")
        queue = self._queues[name]
        request = queue.popleft()
        self._length -= 1
        if queue:
            self._queues.move_to_end(name)
        else:
            del self._queues[name]
        return request

    def remove(self, name: str, request: T) -> bool:
        """Take out *request*, which was added as one of *name*; return whether it was here."""
        queue = self._queues.get(name)
        if queue is None or request not in queue:
            return False
        queue.remove(request)
        self._length -= 1
        if not queue:
            del self._queues[name]
        return True

    def clear(self) -> None:
        """Take out all requests."""
        self._queues.clear()
        self._length = 0
