"""What a scheduling policy is: it orders the requests that wait, and may refuse some or hold back.

A policy is a plain container without locks: the admission queue owns the lock. `docs/scheduling.md`
says which policy is for what.
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
        """by what requests are told apart: the handler, or what a header says"""
        self.priority = priority
        """`LEAST_PRIORITY` to `MOST_PRIORITY`, which goes first"""
        self.weight = weight
        """of its key"""
        self.admitted = False
        self.displaced = False
        """whether it lost its place in the queue to another"""
        self._wake = threading.Lock()
        self._wake.acquire()

    def wait(self, timeout_s: float) -> None:
        """Block until `wake`, at most *timeout_s*."""
        self._wake.acquire(timeout=max(timeout_s, 0.0))

    def wake(self) -> None:
        """Let `wait` return. Called once."""
        self._wake.release()


@dataclass(frozen=True)
class PolicyOptions:
    """What the settings say to policies; each takes what concerns it."""

    places: int = 10
    """most requests that run at once"""
    key_header: str = ""
    """the header that says a request's key; empty: its handler is the key"""
    priority_header: str = ""
    """the header that may say a request's priority; empty: its handler's counts"""
    weights: Mapping[str, float] = field(default_factory=dict)
    """by key; of others 1"""
    ageing_s: float = 0.5
    """a wait of this length counts as much as one step of priority"""
    target_s: float = 0.1
    """longest wait in the queue that is aimed at"""
    clock: Callable[[], float] = time.monotonic


DEFAULTS = PolicyOptions()


class Policy(Protocol):
    """An ordered container of tickets, with four more abilities that `PolicyBase` has defaults
    for. Every call happens under the queue's lock: it must be quick, and must not raise."""

    def push(self, ticket: Ticket) -> None: ...

    def pop(self) -> Ticket | None:
        """Take out the next ticket to admit; None if, and only if, there is none."""
        ...

    def remove(self, ticket: Ticket) -> None:
        """Take out *ticket*, which gave up waiting."""
        ...

    def __len__(self) -> int: ...

    def refuse(self, ticket: Ticket, running: int) -> str | None:
        """Say why *ticket*, which would have to wait, is turned away; None: it may wait.

        *running*: how many run now.
        """
        ...

    def displace(self, ticket: Ticket) -> Ticket | None:
        """The queue is full: say which waiting ticket is turned away for *ticket*; None: *ticket*
        itself is. Whoever calls then removes it."""
        ...

    def finished(self, handler: str, wall_s: float, cpu_s: float) -> None:
        """A request of *handler* held a place for *wall_s* and used *cpu_s* of CPU time; whether it
        ended well does not matter."""
        ...

    def limit(self, most: int) -> int:
        """Say how many may run at once now, at least 1 and not more than *most*. May change with
        `finished` only."""
        ...


class PolicyBase:
    """Lets every request wait, learns nothing, holds nothing back.

    What a policy leaves as it is here is never called: it costs nothing.
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
    """First come, first served."""

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
"""makes a policy; raises ConfigError where the options are wrong"""
