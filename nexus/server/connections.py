"""All connections of one worker, as gunicorn's main thread sees them: from accept to close."""

from __future__ import annotations

import errno
import logging
import math
import time
import weakref
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from gunicorn.workers.gthread import TConn

from nexus.config import Settings
from nexus.errors import NexusError, ShuttingDown
from nexus.server.answers import Answers
from nexus.server.closing import Closing
from nexus.server.intake import Intake
from nexus.server.limits import ClientLimits
from nexus.server.poller_waits import STOP_SWEEP_S, PollerWaits
from nexus.server.refusals import as_bytes, asked_on, refusal, report
from nexus.server.sockets.connection import Connection
from nexus.server.sockets.parser import NexusParser
from nexus.server.sockets.thread_waits import ThreadWaits
from nexus.server.sockets.tls import TlsContext
from nexus.service import Service

log = logging.getLogger("nexus.server")

LINGER_S = 0.5
"""How long a stopping worker still begins requests that arrive or wait for a thread, or the longest
handler's timeout if that is shorter; it answers later requests with 503."""
SLACK_S = 0.1
"""How much longer than the longest handler's timeout a stopping worker waits for clients to receive
their answers; then it closes their connections."""
HELD_BYTES = 64 << 20
"""How much memory requests and answers that wait for their clients may take in one worker, or one
answer of `max_response_bytes` for each thread if that is more; beyond it the slowest clients are
cut off."""
_PAUSE_S = 0.1
"""How long the worker accepts no connection after it ran out of descriptors or memory."""
_OUT_OF = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM))
_NOTHING_THERE = frozenset((errno.EAGAIN, errno.EWOULDBLOCK, errno.ECONNABORTED))


class Worker(Protocol):
    """The parts of gunicorn's worker that `Connections` uses."""

    cfg: Any
    poller: Any
    nr_conns: int

    def serve_later(self, conn: Any) -> bool:
        """Let a thread serve the request of *conn*; return False if the threads have ended."""

    def on_main_thread(self, step: Callable[[], None]) -> None:
        """Let the main thread run *step*."""

    def answered(self, conn: Any, stays: bool) -> None:
        """Take *conn* from the calling thread, whose run goes on; *stays*: it is kept alive."""


class Connections:
    """Accepts connections, hands them to threads, takes them back and closes them. Only the main
    thread may use it, except for `limits`, `following` and `too_late`."""

    def __init__(self, worker: Worker, service: Service, before_wait: Callable[[], None]) -> None:
        self._worker, self._service, cfg = worker, service, worker.cfg
        self._limits_of: Settings | None = None
        self._limits = ClientLimits.of(service.settings)
        self._thread_waits = ThreadWaits(before_wait, self.limits)
        self._tls = TlsContext(cfg) if cfg.is_ssl else None
        most = max(HELD_BYTES, cfg.threads * service.settings.max_response_bytes)
        self._waits = PollerWaits(worker.poller, self.close, most)
        self._intake = Intake(
            self._waits, self, threads=cfg.threads, keepalive_s=float(cfg.keepalive)
        )
        self._answers = Answers(self._waits, self.close)
        self._closing = Closing(self._waits, self.close)
        self._paused_until = 0.0
        self._begins_until = self._ends_s = math.inf
        """when a stopping worker begins no more requests, and when it waits for no more clients"""

    # ---- begin and end ------------------------------------------------------------------------

    def accept(self, listener: Any) -> None:
        """Accept a connection. Raises: OSError if the listener fails."""
        try:
            sock, address = listener.accept()
        except OSError as error:
            if error.errno in _OUT_OF:
                self._paused_until = time.monotonic() + _PAUSE_S
                log.warning("no connection can be accepted for a moment: %s", error)
            elif error.errno not in _NOTHING_THERE:
                raise
            return
        try:
            stream = sock if self._tls is None else self._tls.wrap(sock)
            connection = Connection(stream, self._thread_waits)
            conn = TConn(self._worker.cfg, connection, address, listener.getsockname())
        except (OSError, ValueError) as error:  # reset already; or no TLS without its files
            log.debug("a new connection is closed: %s", error)
            sock.close()
            return
        conn.parser = NexusParser(conn.cfg, connection, address)
        connection.on_answered = _Answered(self._worker, conn)
        conn.initialized = conn.data_ready = True  # gthread need not wait, nor wrap it
        self._worker.nr_conns += 1
        self._intake.accept(conn)

    def paused(self) -> bool:
        """Return whether no connection can be accepted now."""
        return time.monotonic() < self._paused_until

    def make_room(self) -> None:
        """Close the connection that has waited longest for its client, so that another fits in."""
        self._waits.make_room()

    def close(self, conn: Any) -> None:
        """Close *conn* at once."""
        if conn.sock.fileno() >= 0:
            conn.sock.release()
            self._worker.nr_conns -= 1

    def too_late(self) -> bool:
        """Return whether the worker has been stopping for too long to begin another request."""
        return time.monotonic() > self._begins_until

    # ---- called by `Intake` ---------------------------------------------------------------------

    def limits(self) -> ClientLimits:
        settings = self._service.settings
        if settings is not self._limits_of:
            self._limits, self._limits_of = ClientLimits.of(settings), settings
        return self._limits

    def hand_over(self, conn: Any) -> None:
        if not self._worker.serve_later(conn):
            self.close(conn)

    def hand_over_part(self, conn: Any, read: Callable[[], None]) -> None:
        conn.sock.incoming.read_part(partial(self._worker.on_main_thread, read))
        if not self._worker.serve_later(conn):
            conn.sock.incoming.end_part()
            self.close(conn)

    def refuse(self, conn: Any, error: NexusError) -> None:
        if self._ends_s < math.inf:
            error = ShuttingDown("this worker is shutting down")
        response = refusal(error)
        asked = asked_on(conn.sock.incoming, conn.client)
        report(self._service, asked, error, response.status, len(response.body))
        try:
            conn.sock.sendall(as_bytes(response, error.outcome))
        except OSError:
            self.close(conn)
            return
        self._go_on(conn, self._closing.add)

    # ---- after a request ------------------------------------------------------------------------

    def following(self, conn: Any, *, stays: bool) -> Callable[[], None] | None:
        """Return the main thread's next step with *conn* after a request, or None if *conn* is kept
        alive and has nothing left to send.

        Called by the thread that served the request.
        """
        connection = conn.sock
        connection.never_block()
        if not stays:
            return partial(self._go_on, conn, self._closing.add)
        connection.incoming.next_request(conn.parser.unreader.take_buffered())
        if connection.outgoing.unsent_bytes:
            return partial(self._go_on, conn, self._intake.keep)
        return None

    def keep(self, conn: Any) -> None:
        """Wait for the next request of *conn*, or for the rest of one."""
        self._intake.keep(conn)

    def _go_on(self, conn: Any, then: Callable[[Any], None]) -> None:
        if conn.sock.outgoing.unsent_bytes:
            self._answers.add(conn, then)
        else:
            then(conn)

    # ---- with each round of gunicorn's loop -----------------------------------------------------

    def pause_s(self) -> float:
        """Return how long the poller may sleep."""
        if self._ends_s < math.inf or self.paused():
            return STOP_SWEEP_S
        return self._waits.pause_s()

    def sweep(self) -> None:
        """End the waits that took too long."""
        self._waits.sweep()
        if time.monotonic() > self._ends_s:
            self._thread_waits.end()

    def stop(self) -> None:
        """Limit all waits for clients, because the worker stops; see `LINGER_S` and `SLACK_S`."""
        if self._ends_s < math.inf:
            return
        longest_s = self._service.handlers.longest_timeout_s or self._service.limits.timeout_s
        now = time.monotonic()
        self._begins_until = now + min(LINGER_S, longest_s)
        self._ends_s = now + longest_s + SLACK_S
        self._waits.stop(self._begins_until, self._ends_s)

    def close_all(self) -> None:
        """Close every connection that waits for its client."""
        self.end_waits()
        self._waits.drop_all()

    def end_waits(self) -> None:
        """Let no thread wait for a client any longer."""
        self._thread_waits.end()


class _Answered:
    """Tells the worker that the request of a connection is answered, although its run goes on."""

    __slots__ = ("_conn", "_worker")

    def __init__(self, worker: Worker, conn: Any) -> None:
        # A reference would make a circle with the connection, which only the collector could free.
        self._worker, self._conn = worker, weakref.ref(conn)

    def __call__(self, stays: bool) -> None:
        conn = self._conn()
        if conn is not None:
            self._worker.answered(conn, stays)
