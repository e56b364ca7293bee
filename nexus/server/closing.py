"""Closes connections after their last answer without waiting for their clients.

A socket that is closed while there is something to read resets the connection, and the client may
lose the answer. So it is only closed for writing, and read until the client closes it, too
(RFC 9112 section 9.6). gunicorn does that on the thread that accepts, up to 2 s for each: sixty
clients that did not close kept others out for 89 s, and the worker was killed as one that hangs.
"""

from __future__ import annotations

import selectors
import socket
from collections.abc import Callable
from typing import Any

from nexus.server.limits import Allowance
from nexus.server.poller_waits import PollerWaits, Wait

LINGER_S = 2.0
"""how long a client has to close its side"""


class Closing:
    """Connections that are being closed. Only gunicorn's main thread uses it."""

    def __init__(self, waits: PollerWaits, close: Callable[[Any], None]) -> None:
        """*close* is called with each connection in the end."""
        self._waits, self._close = waits, close

    def add(self, conn: Any) -> None:
        """Close *conn* once its client does, or after `LINGER_S`."""
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
