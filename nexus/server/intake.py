"""Waits for requests, on gunicorn's main thread, and hands them over when they have arrived.

A connection stays here until its TLS handshake is done and its request has arrived: head and body,
or of a large body the first `BODY_BYTES`. Large bodies are read on threads, but on half of them at
once; the others serve on, whatever those clients do.
"""

from __future__ import annotations

import selectors
import ssl
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from nexus.errors import NexusError, Overloaded, RequestHeadTooLarge, RequestTimeout
from nexus.server.limits import Allowance, ClientLimits
from nexus.server.poller_waits import PollerWaits, Wait
from nexus.server.sockets.arrival import HEAD_BYTES, Arrival
from nexus.server.sockets.incoming import Stage


class Host(Protocol):
    """The worker whose connections these are."""

    def limits(self) -> ClientLimits:
        """Return the limits in force."""

    def hand_over(self, conn: Any) -> None:
        """Let a thread serve the request of *conn*."""

    def hand_over_part(self, conn: Any, read: Callable[[], None]) -> None:
        """Let a thread read the rest of the body of *conn* and serve the request; call *read* on
        the main thread once the body is read."""

    def refuse(self, conn: Any, error: NexusError) -> None:
        """Answer *conn* with *error* and close it."""

    def close(self, conn: Any) -> None:
        """Close *conn*."""


class Intake:
    """The connections of one worker that wait for a request. Only the main thread uses it."""

    def __init__(self, waits: PollerWaits, host: Host, *, threads: int, keepalive_s: float) -> None:
        self._waits, self._host, self._keepalive_s = waits, host, keepalive_s
        self._most_parts = max(1, threads // 2)
        self._parts = 0
        """number of large bodies that threads are reading"""
        self._queue: deque[Any] = deque()
        """connections with a large body that no thread may read yet; some may be closed by now"""

    def accept(self, conn: Any) -> None:
        """Wait for the first request of a new connection, with TLS for its handshake first."""
        self._shake_hands(self._host.limits().head(), conn)

    def keep(self, conn: Any) -> None:
        """Wait for the next request of a connection that is kept alive."""
        if conn.sock.incoming.may_be_ready():
            self._look(conn)
        else:
            self._wait_for_more(conn, Allowance(self._keepalive_s))

    # ---- TLS --------------------------------------------------------------------------------

    def _shake_hands(self, allowance: Allowance, conn: Any) -> None:
        try:
            conn.sock.handshake()
        except ssl.SSLWantReadError:
            event = selectors.EVENT_READ
        except ssl.SSLWantWriteError:
            event = selectors.EVENT_WRITE
        except (OSError, ValueError):  # not TLS, a version we do not speak; closed by the client
            self._waits.end(conn)
            self._host.close(conn)
            return
        else:
            self._look(conn)
            return
        go_on = partial(self._shake_hands, allowance)
        self._waits.begin(Wait(conn, event, allowance, ready=go_on, late=self._host.close))

    # ---- requests ---------------------------------------------------------------------------

    def _look(self, conn: Any) -> None:
        found = conn.sock.incoming.arrival()
        if found is Arrival.MORE:
            self._wait_for_more(conn)
            return
        self._waits.end(conn)
        if found is Arrival.WHOLE:
            self._host.hand_over(conn)
        elif found is Arrival.PART:
            self._queue_part(conn)
        elif found is Arrival.OVERSIZED:
            self._host.refuse(conn, RequestHeadTooLarge(HEAD_BYTES))
        else:
            self._host.close(conn)

    def _wait_for_more(self, conn: Any, silence: Allowance | None = None) -> None:
        """Wait for the rest of a request. *silence* limits the wait for its first byte; by default
        that wait has the time for a head."""
        incoming = conn.sock.incoming
        stage = incoming.stage()
        wait = self._waits.of(conn)
        if wait is not None and wait.stage is stage:
            wait.allowance.bytes += incoming.held_bytes - wait.held_bytes
            self._waits.hold(wait, incoming.held_bytes)
            return
        limits = self._host.limits()
        if stage is Stage.BODY:
            allowance = limits.body()
        else:
            allowance = limits.head() if stage is Stage.HEAD or silence is None else silence
        self._waits.begin(
            Wait(
                conn,
                selectors.EVENT_READ,
                allowance,
                ready=self._look,
                late=self._host.close if stage is Stage.NONE else partial(self._late, stage),
                stage=stage,
                held_bytes=incoming.held_bytes,
            )
        )

    def _late(self, stage: Stage, conn: Any) -> None:
        self._host.refuse(conn, RequestTimeout(stage.value))

    # ---- large bodies -----------------------------------------------------------------------

    def _queue_part(self, conn: Any) -> None:
        self._queue.append(conn)
        self._begin_parts()
        if self._queue and self._queue[-1] is conn:
            allowance = Allowance(self._host.limits().body_s)
            held = conn.sock.incoming.held_bytes
            self._waits.begin(
                Wait(conn, 0, allowance, self._look, self._overloaded, held_bytes=held)
            )

    def _begin_parts(self) -> None:
        while self._queue and self._parts < self._most_parts:
            conn = self._queue.popleft()
            if conn.sock.fileno() < 0:  # closed while it waited
                continue
            self._waits.end(conn)
            self._parts += 1
            self._host.hand_over_part(conn, self._end_part)

    def _end_part(self) -> None:
        self._parts -= 1
        self._begin_parts()

    def _overloaded(self, conn: Any) -> None:
        self._queue.remove(conn)
        self._host.refuse(conn, Overloaded("too many large request bodies at once"))
