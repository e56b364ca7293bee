"""Scheduling policies: the order in which waiting requests are admitted.

A policy is a plain container without locks: the admission queue owns the lock.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Protocol, TypeAlias


class Ticket:
    """One waiting request."""

    __slots__ = ("_wake", "admitted", "deadline", "handler")

    def __init__(self, handler: str, deadline: float) -> None:
        self.handler, self.deadline = handler, deadline
        self.admitted = False
        self._wake = threading.Lock()
        self._wake.acquire()

    def wait(self, timeout_s: float) -> None:
        """Block until `wake`, at most *timeout_s*."""
        self._wake.acquire(timeout=max(timeout_s, 0.0))

    def wake(self) -> None:
        """Let `wait` return. Called once."""
        self._wake.release()


class Policy(Protocol):
    """An ordered container of tickets; every call happens under the queue's lock."""

    def push(self, ticket: Ticket) -> None: ...

    def pop(self) -> Ticket | None:
        """Take out the next ticket to admit; None if there is none."""
        ...

    def remove(self, ticket: Ticket) -> None:
        """Take out *ticket*, which gave up waiting."""
        ...

    def __len__(self) -> int: ...


PolicyFactory: TypeAlias = Callable[..., Policy]
"""makes a policy from its options"""


class Fifo:
    """First come, first served."""

    def __init__(self) -> None:
        self._tickets: deque[Ticket] = deque()

    def push(self, ticket: Ticket) -> None:
        self._tickets.append(ticket)

    def pop(self) -> Ticket | None:
        return self._tickets.popleft() if self._tickets else None

    def remove(self, ticket: Ticket) -> None:
        self._tickets.remove(ticket)

    def __len__(self) -> int:
        return len(self._tickets)
