"""The interface of a scheduling policy: it orders waiting requests, and may refuse or delay some.

A policy is a plain container without locks: the admission queue owns the lock. `docs/scheduling.md`
says which policy suits which load.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

LEAST_PRIORITY, NORMAL_PRIORITY, MOST_PRIORITY = 0, 5, 9


class Ticket:
    """One waiting request."""

    __slots__ = (
        "_wake",
        "admitted",
        "arrived",
        "deadline",
        "displaced",
        "handler",
        "key",
        "priority",
        "weight",
    )

    def __init__(
        self,
        handler: str,
        deadline: float,
        *,
        key: str | None = None,
        arrived: float = 0.0,
        priority: int = NORMAL_PRIORITY,
        weight: float = 1.0,
    ) -> None:
        """*deadline* and *arrived*: monotonic seconds."""
        self.handler, self.deadline, self.arrived = handler, deadline, arrived
        self.key = handler if key is None else key
        """groups requests: the handler's name, or the value of a header"""
        self.priority = priority
        """`LEAST_PRIORITY` to `MOST_PRIORITY`; the highest goes first"""
        self.weight = weight
        """weight of the key"""
        self.admitted = False
        self.displaced = False
        """whether it lost its place in the queue to another ticket"""
        self._wake = threading.Lock()
        self._wake.acquire()

    def wait(self, timeout_s: float) -> None:
        """Block until `wake`, for up to *timeout_s*."""
        self._wake.acquire(timeout=max(timeout_s, 0.0))

    def wake(self) -> None:
        """Make `wait` return. Called once."""
        self._wake.release()


@dataclass(frozen=True)
class PolicyOptions:
    """The settings for policies; each policy reads those it needs."""

    places: int = 10
    """the most requests that run at once"""
    key_header: str = ""
    """the header with a request's key; empty: the key is the handler's name"""
    priority_header: str = ""
    """the header that may give a request's priority; empty: use the handler's"""
    weights: Mapping[str, float] = field(default_factory=dict)
    """weights by key; other keys have weight 1"""
    ageing_s: float = 0.5
    """a wait of this length counts as much as one step of priority"""
    target_s: float = 0.1
    """the longest wait in the queue that the policy aims at"""
    clock: Callable[[], float] = time.monotonic


DEFAULTS = PolicyOptions()


class Policy(Protocol):
    """An ordered container of tickets, with four more methods for which `PolicyBase` has defaults.
    Every call happens under the queue's lock: it must be quick, and must not raise."""

    def push(self, ticket: Ticket) -> None: ...

    def pop(self) -> Ticket | None:
        """Remove and return the next ticket to admit; return None only if the policy is empty."""
        ...

    def remove(self, ticket: Ticket) -> None:
        """Remove *ticket*, which gave up waiting."""
        ...

    def __len__(self) -> int: ...

    def refuse(self, ticket: Ticket, running: int) -> str | None:
        """Return why *ticket*, which would have to wait, is rejected; None: it may wait.

        *running*: how many requests run now.
        """
        ...

    def displace(self, ticket: Ticket) -> Ticket | None:
        """The queue is full: return the waiting ticket to reject for *ticket*; None rejects
        *ticket* itself. The caller then removes the returned ticket."""
        ...

    def finished(self, handler: str, wall_s: float, cpu_s: float) -> None:
        """Record that a request of *handler* held a place for *wall_s* and used *cpu_s* of CPU
        time, whether it succeeded or failed."""
        ...

    def limit(self, most: int) -> int:
        """Return how many requests may run at once now, from 1 to *most*. The number may change
        only in `finished`."""
        ...


class PolicyBase:
    """A policy that lets every request wait, learns nothing, and delays nothing.

    Methods that a policy does not override are never called: they cost nothing.
    """

    def __init__(self, options: PolicyOptions = DEFAULTS) -> None:
        self.options = options

    def refuse(self, ticket: Ticket, running: int) -> str | None:
        return None

    def displace(self, ticket: Ticket) -> Ticket | None:
        return None

    def finished(self, handler: str, wall_s: float, cpu_s: float) -> None:
        """Forget it."""

    def limit(self, most: int) -> int:
        return most


class Fifo(PolicyBase):
    """First come, first served: the ticket that waited longest goes first."""

    def __init__(self, options: PolicyOptions = DEFAULTS) -> None:
        super().__init__(options)
        self._tickets: deque[Ticket] = deque()

    def push(self, ticket: Ticket) -> None:
        self._tickets.append(ticket)

    def pop(self) -> Ticket | None:
        return self._tickets.popleft() if self._tickets else None

    def remove(self, ticket: Ticket) -> None:
        self._tickets.remove(ticket)

    def __len__(self) -> int:
        return len(self._tickets)


PolicyFactory: TypeAlias = Callable[[PolicyOptions], Policy]
"""Makes a policy; raises ConfigError if the options are wrong"""
