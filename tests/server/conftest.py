"""Connections over socket pairs, with limits that a test sets."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import pytest

from nexus.server.limits import ClientLimits
from nexus.server.sockets.connection import Connection
from nexus.server.sockets.thread_waits import ThreadWaits

LIMITS = ClientLimits(head_s=20, body_s=20, send_s=20, bytes_per_s=0, body_bytes=1 << 20)


class Conn(SimpleNamespace):
    """A connection as gthread has it."""

    __hash__ = object.__hash__  # type: ignore[assignment]


@dataclass
class Ends:
    """Both ends of a connection."""

    ours: Connection
    theirs: socket.socket
    thread_waits: ThreadWaits
    limits: ClientLimits = LIMITS
    waits: list[int] = field(default_factory=list)
    """a thread's identifier for each time that it was about to wait"""
    waiting: threading.Event = field(default_factory=threading.Event)
    """set when a thread is about to wait"""

    def limit(self, **limits: Any) -> None:
        """Set some of the limits."""
        self.limits = replace(self.limits, **limits)

    def conn(self) -> Conn:
        """Return as much of gthread's connection as is looked at."""
        return Conn(sock=self.ours)

    def pieces(self) -> list[bytes]:
        """Return what came over so far, in the pieces in which it was sent."""
        found = []
        while True:
            try:
                found.append(self.theirs.recv(1 << 20, socket.MSG_DONTWAIT))
            except BlockingIOError:
                return found


def pair(kind: int = socket.SOCK_STREAM) -> Iterator[Ends]:
    """Yield a connection."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, kind)
    found: Ends

    def before_wait() -> None:
        found.waits.append(threading.get_ident())
        found.waiting.set()

    with ours, theirs:
        thread_waits = ThreadWaits(before_wait, lambda: found.limits)
        found = Ends(Connection(ours, thread_waits), theirs, thread_waits)
        found.ours.setblocking(True)
        yield found
    thread_waits.close()


@pytest.fixture
def ends() -> Iterator[Ends]:
    """The other end sees each piece by itself."""
    yield from pair(socket.SOCK_SEQPACKET)


@pytest.fixture
def stream() -> Iterator[Ends]:
    yield from pair(socket.SOCK_STREAM)
