"""Closes connections after their last answer without waiting for their clients.

Closing a socket that has unread bytes resets the connection, and the client may lose the answer. So
the socket is only closed for writing, then read until the client closes it, too (RFC 9112 section
9.6). gunicorn does that on the thread that accepts, for up to 2 s each: sixty clients that did not
close blocked all others for 89 s, and gunicorn's master killed the worker, which seemed to hang.
"""

from __future__ import annotations

import selectors
import socket
from collections.abc import Callable
from typing import Any

from nexus.server.limits import Allowance
from nexus.server.poller_waits import PollerWaits, Wait

LINGER_S = 2.0
"""How long a client has to close its side; after that the connection is closed anyway."""


class Closing:
    """Connections that are being closed. Only gunicorn's main thread uses it."""

    def __init__(self, waits: PollerWaits, close: Callable[[Any], None]) -> None:
        """*close* is called with each connection once its client has closed it or is too late."""
        self._waits, self._close = waits, close

    def add(self, conn: Any) -> None:
        """Close *conn* as soon as its client does, or after `LINGER_S`."""
        try:
            conn.sock.shutdown(socket.SHUT_WR)
        except (OSError, ValueError):  # reset, or closed already
            self._close(conn)
            return
        allowance = Allowance(LINGER_S)
        self._waits.begin(
            Wait(conn, selectors.EVENT_READ, allowance, ready=self._read, late=self._close)
        )

    def _read(self, conn: Any) -> None:
        if not conn.sock.discard():
            self._waits.end(conn)
            self._close(conn)
