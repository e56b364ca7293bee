"""Sends the answers that clients do not take at once, on gunicorn's main thread."""

from __future__ import annotations

import selectors
from collections.abc import Callable
from functools import partial
from typing import Any

from nexus.server.poller_waits import PollerWaits, Wait


class Answers:
    """Answers that wait for their clients. Only the main thread uses it."""

    def __init__(self, waits: PollerWaits, close: Callable[[Any], None]) -> None:
        """*close* is called with a connection whose client has left or is too slow."""
        self._waits, self._close = waits, close

    def add(self, conn: Any, then: Callable[[Any], None]) -> None:
        """Send the rest of *conn*'s answer, then call *then* with *conn*."""
        outgoing = conn.sock.outgoing
        self._waits.begin(
            Wait(
                conn,
                selectors.EVENT_WRITE,
                outgoing.allowance,
                ready=partial(self._go_on, then),
                late=self._close,
                answers=True,
                held_bytes=outgoing.unsent_bytes,
            )
        )

    def _go_on(self, then: Callable[[Any], None], conn: Any) -> None:
        try:
            sent = conn.sock.outgoing.go_on()
        except OSError:
            self._waits.end(conn)
            self._close(conn)
            return
        if sent:
            self._waits.end(conn)
            then(conn)
        elif (wait := self._waits.of(conn)) is not None:
            self._waits.hold(wait, conn.sock.outgoing.unsent_bytes)
