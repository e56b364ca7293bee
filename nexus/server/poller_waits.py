"""Connections that wait for their clients, on gunicorn's main thread: each wait ends."""

from __future__ import annotations

import logging
import math
import selectors
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from nexus.server.limits import Allowance

log = logging.getLogger("nexus.server")

SWEEP_S = 0.25
"""how often waits are looked through for those that took too long"""
STOP_SWEEP_S = 0.05
"""the same, while the worker stops"""
_FREED = 0.75
"""of the memory for waits, what may stay in use when it ran out: ending some each time that a few
bytes come would take all CPU"""


@dataclass
class Wait:
    """One connection's wait for its client."""

    conn: Any
    event: int
    """for which of the poller's events; 0: for none, another connection has to end first"""
    allowance: Allowance
    ready: Callable[[Any], None]
    """called with the connection at each such event"""
    late: Callable[[Any], None]
    """called with it when the client took too long; the wait has ended then"""
    stage: Any = None
    """what is waited for, in the caller's words"""
    answers: bool = False
    """whether the client receives an answer: a worker that stops waits longest for those"""
    held_bytes: int = 0
    """what is kept in memory meanwhile"""


class PollerWaits:
    """All such waits of a worker. Only gunicorn's main thread uses it."""

    def __init__(
        self, poller: selectors.BaseSelector, close: Callable[[Any], None], most_bytes: int
    ) -> None:
        """*close* ends a connection. Where more than *most_bytes* are held, the slowest go."""
        self._poller, self._close, self._most_bytes = poller, close, most_bytes
        self._waits: dict[Any, Wait] = {}
        """by connection, in the order in which they began"""
        self._held_bytes = 0
        self._swept_s = 0.0
        self._until, self._answers_until = math.inf, math.inf
        """when the waits end because the worker stops"""

    def __len__(self) -> int:
        return len(self._waits)

    def of(self, conn: Any) -> Wait | None:
        """Return the wait of *conn*, if it waits."""
        return self._waits.get(conn)

    def begin(self, wait: Wait) -> None:
        """Begin *wait*, in place of the connection's last one if there is one."""
        before = self._waits.get(wait.conn)
        event = 0 if before is None else before.event
        try:
            if not event and wait.event:
                self._poller.register(
                    wait.conn.sock, wait.event, partial(self._happened, wait.conn)
                )
            elif event and not wait.event:
                self._poller.unregister(wait.conn.sock)
            elif event != wait.event:
                self._poller.modify(wait.conn.sock, wait.event, partial(self._happened, wait.conn))
        except (OSError, ValueError, KeyError):  # this user's epolls watch as much as they may
            log.exception("a connection cannot be watched and is closed")
            self.end(wait.conn)
            self._close(wait.conn)
            return
        self._waits[wait.conn] = wait
        if before is not None:
            self._held_bytes -= before.held_bytes
        self._held_bytes += wait.held_bytes
        self._free_memory()

    def hold(self, wait: Wait, held_bytes: int) -> None:
        """Note how much is kept in memory for *wait*; the slowest may be closed for it."""
        self._held_bytes += held_bytes - wait.held_bytes
        wait.held_bytes = held_bytes
        self._free_memory()

    def end(self, conn: Any) -> None:
        """End the wait of *conn*, if it waits."""
        wait = self._waits.pop(conn, None)
        if wait is None:
            return
        self._held_bytes -= wait.held_bytes
        if wait.event:
            with suppress(OSError, ValueError, KeyError):  # closed already
                self._poller.unregister(conn.sock)

    def pause_s(self) -> float:
        """Return how long the poller may sleep."""
        return SWEEP_S if self._waits else math.inf

    def sweep(self) -> None:
        """End the waits that took too long."""
        now = time.monotonic()
        if now < self._swept_s + (SWEEP_S if self._until == math.inf else STOP_SWEEP_S):
            return
        self._swept_s = now
        for wait in list(self._waits.values()):
            stops = self._answers_until if wait.answers else self._until
            if now > stops or now > wait.allowance.until():
                self.end(wait.conn)
                self._call(wait.conn, wait.late)

    def make_room(self) -> None:
        """Close the connection that has waited longest, but none that receives an answer."""
        for conn, wait in self._waits.items():
            if not wait.answers:
                self._drop(conn)
                return

    def stop(self, until: float, answers_until: float) -> None:
        """End all waits, also those to come, *until* then: the worker stops."""
        self._until, self._answers_until = until, answers_until

    def drop_all(self) -> None:
        """Close all connections that wait."""
        for conn in list(self._waits):
            self._drop(conn)

    def _happened(self, conn: Any, _fileobj: Any) -> None:
        wait = self._waits.get(conn)
        if wait is not None:  # else it ended by an event that came along with this one
            self._call(conn, wait.ready)

    def _call(self, conn: Any, call: Callable[[Any], None]) -> None:
        try:
            call(conn)
        except Exception:  # it would end the worker
            log.exception("a connection failed and is closed")
            self._drop(conn)

    def _drop(self, conn: Any) -> None:
        self.end(conn)
        self._close(conn)

    def _free_memory(self) -> None:
        if self._held_bytes <= self._most_bytes:
            return
        now = time.monotonic()
        holding = [wait for wait in self._waits.values() if wait.held_bytes]
        holding.sort(key=lambda wait: wait.allowance.rate(now))
        for wait in holding:
            if self._held_bytes <= self._most_bytes * _FREED:
                return
            self._drop(wait.conn)
