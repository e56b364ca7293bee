"""Connections that wait for their next request, and the epoll that watches them.

The epoll reports a connection once for whatever arrives (EPOLLET), and not again before more does.
So a connection stays registered from one request to the next: otherwise each request would take two
more system calls.
"""

from __future__ import annotations

import select
import time
from contextlib import suppress
from typing import Any

_EVENTS = select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLET

Events = list[tuple[int, int]]


class Silent:
    """The silent connections of one worker. Its user's lock guards all but `poll`."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._watched: set[int] = set()
        """descriptors: of connections that wait here, or are being served"""
        self._waiting: dict[int, tuple[Any, float]] = {}
        """by descriptor those that wait, the oldest first, and since when"""
        self._missed: set[int] = set()
        """those of which an event came while they were being served"""

    def __len__(self) -> int:
        return len(self._waiting)

    def poll(self, timeout_s: float) -> Events:
        """Wait for events. Any thread may do so meanwhile."""
        return self._epoll.poll(timeout_s)

    def watch(self, number: int) -> None:
        """Watch a connection from now on, if it is not watched. Raises: OSError."""
        if number not in self._watched:
            self._epoll.register(number, _EVENTS)
            self._watched.add(number)
        elif number in self._missed:
            self._missed.discard(number)
            self._epoll.modify(number, _EVENTS)  # tells again of what is there

    def add(self, number: int, conn: Any) -> None:
        """Wait for the next request of *conn*, which is watched."""
        self._waiting[number] = conn, time.monotonic()

    def forget(self, number: int) -> None:
        """No longer watch a connection, before anybody closes it."""
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
                if event & ~select.EPOLLIN:  # with its last request the client closed, perhaps
                    self._missed.add(number)
            elif number in self._watched:
                self._missed.add(number)
        return conns

    def take_older(self, seconds: float) -> list[Any]:
        """Take out those that have waited for so long."""
        conns = []
        before = time.monotonic() - seconds
        while self._waiting and (oldest := next(iter(self._waiting.items())))[1][1] < before:
            conns.append(self._take_out(oldest[0]))
        return conns

    def take_all(self) -> list[Any]:
        """Take out all."""
        return [self._take_out(number) for number in list(self._waiting)]

    def _take_out(self, number: int) -> Any:
        self.forget(number)
        return self._waiting.pop(number)[0]
