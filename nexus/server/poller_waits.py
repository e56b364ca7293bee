"""Connections that wait for their clients on gunicorn's main thread, each up to a time limit."""

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
"""How often the main thread searches for waits that took too long."""
STOP_SWEEP_S = 0.05
"""How often it searches for them while the worker stops."""
_FREED = 0.75
"""The share of the memory for waits that stays in use after it ran out and the slowest clients were
cut off. Were it 1, every few bytes that arrive would start another search, and take all CPU."""


@dataclass
class Wait:
    """One connection's wait for its client."""

    conn: Any
    event: int
    """the poller's event that is waited for; 0: none, since another connection has to end first"""
    allowance: Allowance
    ready: Callable[[Any], None]
    """called with the connection at each such event"""
    late: Callable[[Any], None]
    """called with the connection, after the wait has ended, if the client took too long"""
    stage: Any = None
    """the caller's own mark for what the connection waits for"""
    answers: bool = False
    """whether the client receives an answer: a stopping worker waits longest for those"""
    held_bytes: int = 0
    """how much memory the connection holds during the wait"""


class PollerWaits:
    """All waits of one worker for its clients. Only gunicorn's main thread uses it."""

    def __init__(
        self, poller: selectors.BaseSelector, close: Callable[[Any], None], most_bytes: int
    ) -> None:
        """*close* closes a connection. If the waits hold more than *most_bytes*, the connections of
        the slowest clients are closed."""
        self._poller, self._close, self._most_bytes = poller, close, most_bytes
        self._waits: dict[Any, Wait] = {}
        """maps a connection to its wait, in the order in which the waits began"""
        self._held_bytes = 0
        self._swept_s = 0.0
        self._until, self._answers_until = math.inf, math.inf
        """when the worker stops and ends all waits, and when those with an answer to send"""

    def __len__(self) -> int:
        return len(self._waits)

    def of(self, conn: Any) -> Wait | None:
        """Return the wait of *conn*, or None if it does not wait."""
        return self._waits.get(conn)

    def begin(self, wait: Wait) -> None:
        """Begin *wait*; it replaces an earlier wait of the same connection."""
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
        """Note that *wait* holds *held_bytes*. If all hold too much, close the slowest."""
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
            if self._waits.get(wait.conn) is not wait:  # an earlier one's end freed its memory
                continue
            stops = self._answers_until if wait.answers else self._until
            if now > stops or now > wait.allowance.until():
                self.end(wait.conn)
                self._call(wait.conn, wait.late)

    def make_room(self) -> None:
        """Close the connection that has waited longest, except those that receive an answer."""
        for conn, wait in self._waits.items():
            if not wait.answers:
                self._drop(conn)
                return

    def stop(self, until: float, answers_until: float) -> None:
        """End all waits at *until*, and those for answers at *answers_until*, since the worker
        stops. Waits that begin later end then, too."""
        self._until, self._answers_until = until, answers_until

    def drop_all(self) -> None:
        """Close all connections that wait."""
        for conn in list(self._waits):
            self._drop(conn)

    def _happened(self, conn: Any, _fileobj: Any) -> None:
        wait = self._waits.get(conn)
        if wait is not None:  # otherwise an earlier event of the same poll ended it
            self._call(conn, wait.ready)

    def _call(self, conn: Any, call: Callable[[Any], None]) -> None:
        try:
            call(conn)
        except Exception:  # an uncaught one would end the worker
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
