"""Connections that wait for their next request, and the epoll that watches them.

The epoll reports a connection once when bytes arrive (EPOLLET), and again only when more arrive. So
a connection stays registered from one request to the next, which saves two system calls a request.
"""

from __future__ import annotations

import select
import time
from contextlib import suppress
from typing import Any

_EVENTS = select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLET

Events = list[tuple[int, int]]


class Silent:
    """The silent connections of one worker. The caller must hold its lock for all methods but
    `poll`."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._watched: set[int] = set()
        """descriptors of the connections that wait here or are being served"""
        self._waiting: dict[int, tuple[Any, float]] = {}
        """maps a descriptor to a connection that waits and since when, the oldest first"""
        self._missed: set[int] = set()
        """descriptors for which an event was reported while their connection was being served"""

    def __len__(self) -> int:
        return len(self._waiting)

    def poll(self, timeout_s: float) -> Events:
        """Wait for events. Several threads may do so at once, without a lock."""
        return self._epoll.poll(timeout_s)

    def watch(self, number: int) -> None:
        """Watch a connection, unless it is watched already. Raises: OSError."""
        if number not in self._watched:
            self._epoll.register(number, _EVENTS)
            self._watched.add(number)
        elif number in self._missed:
            self._missed.discard(number)
            self._epoll.modify(number, _EVENTS)  # reports again if bytes are there

    def add(self, number: int, conn: Any) -> None:
        """Wait for the next request of *conn*, which is watched."""
        self._waiting[number] = conn, time.monotonic()

    def forget(self, number: int) -> None:
        """Stop watching a connection; call this before it is closed."""
        self._watched.discard(number)
        self._missed.discard(number)
        with suppress(OSError, ValueError):  # closed already
            self._epoll.unregister(number)

    def take_ready(self, events: Events) -> list[Any]:
        """Take out the connections of *events*; they stay watched."""
        conns = []
        for number, event in events:
            if number in self._waiting:
                conns.append(self._waiting.pop(number)[0])
                if event & ~select.EPOLLIN:  # perhaps the client closed after its last request
                    self._missed.add(number)
            elif number in self._watched:
                self._missed.add(number)
        return conns

    def take_older(self, seconds: float) -> list[Any]:
        """Take out the connections that have waited for more than *seconds*."""
        conns = []
        before = time.monotonic() - seconds
        while self._waiting and (oldest := next(iter(self._waiting.items())))[1][1] < before:
            conns.append(self._take_out(oldest[0]))
        return conns

    def take_all(self) -> list[Any]:
        """Take out all connections that wait."""
        return [self._take_out(number) for number in list(self._waiting)]

    def _take_out(self, number: int) -> Any:
        self.forget(number)
        return self._waiting.pop(number)[0]
