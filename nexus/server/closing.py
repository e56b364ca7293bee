"""Closes connections after their last answer without waiting for their clients.

A socket that is closed while there is something to read resets the connection, and the client may
lose the answer. So it is only closed for writing, and read until the client closes it, too
(RFC 9112 section 9.6). gunicorn does that on the thread that accepts, up to 2 s for each: sixty
clients that did not close kept others out for 89 s, and the worker was killed as one that hangs.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Callable
from typing import Any

LINGER_S = 2.0
"""how long a client has to close its side"""
_CHUNK_BYTES = 65536


class Closing:
    """Connections that are being closed. For gunicorn's main thread."""

    def __init__(self, poller: selectors.BaseSelector, closed: Callable[[Any], None]) -> None:
        """*closed* is called with each connection in the end, to close it."""
        self._poller, self._closed = poller, closed
        self._until: dict[Any, float] = {}
        """when at the latest, the oldest first"""

    def add(self, conn: Any) -> None:
        """Close *conn* once its client does, or after `LINGER_S`."""
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(socket.SHUT_WR)
            self._poller.register(conn.sock, selectors.EVENT_READ, lambda _: self._read(conn))
        except (OSError, ValueError, KeyError):  # reset, or closed already
            self._closed(conn)
            return
        self._until[conn] = time.monotonic() + LINGER_S

    def end(self, *, everything: bool = False) -> None:
        """Close those whose time is over."""
        now = time.monotonic()
        while self._until:
            conn, until = next(iter(self._until.items()))
            if until > now and not everything:
                return
            self._end(conn)

    def _read(self, conn: Any) -> None:
        try:
            if conn.sock.recv(_CHUNK_BYTES):
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        self._end(conn)

    def _end(self, conn: Any) -> None:
        del self._until[conn]
        self._poller.unregister(conn.sock)
        self._closed(conn)
