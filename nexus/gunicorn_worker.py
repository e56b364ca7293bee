"""gunicorn's `gthread` worker: instances warm on its threads, an orderly drain, short ways.

On SIGTERM readiness fails first, and the worker goes on accepting for `drain_delay_ms`: what sends
requests here (a Service's endpoints, a load balancer) needs that long to notice. Then it stops
accepting and finishes what runs, as gthread does.

gthread gives a connection back to the main thread's poller after every request, and takes it from
there for the next: a pipe, a poller and a future, which costs more than answering does. Here a
thread that has nothing else to do waits a moment for the connection's next request itself.
"""

from __future__ import annotations

import select
import sys
import threading
from types import FrameType
from typing import Any

from gunicorn.arbiter import Arbiter
from gunicorn.workers.gthread import ThreadWorker

from nexus.errors import ConfigError, NexusError
from nexus.service import Service

LINGER_MS = 2
"""how long a thread without other work waits for the next request of a connection; a client on the
same machine sends it within 0.2 ms, one in the same zone within 1 ms"""
QUIT_GRACE_S = 0.1


class NexusWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Serves the app that `nexus.wsgi:worker_app()` makes."""

    service: Service | None = None
    _quits = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lock = threading.Lock()  # guards _queued
        self._queued = 0
        """jobs that no thread has begun"""

    def load_wsgi(self) -> None:
        """Make the app and start its service; where that is wrong, say so and end the server."""
        try:
            super().load_wsgi()
        except NexusError as error:
            wrong = isinstance(error, ConfigError)
            for line in error.problems if isinstance(error, ConfigError) else [error]:
                self.log.error("%s", line)
            sys.exit(Arbiter.APP_LOAD_ERROR if wrong else Arbiter.WORKER_BOOT_ERROR)
        self.service = self.wsgi.extensions["nexus"]
        self.service.start(self.tpool)

    # ---- connections ------------------------------------------------------------------------

    def enqueue_req(self, conn: Any) -> None:
        with self._lock:
            self._queued += 1
        super().enqueue_req(conn)

    def handle(self, conn: Any) -> Any:
        """Serve a request of *conn*, and those that follow while nothing else is to be done.

        True: to be kept alive. (gthread also has a value for a connection without data yet.)
        """
        with self._lock:
            self._queued -= 1
        result = self._serve_one(conn)
        while result is True and self._next_is_here(conn):
            result = self._serve_one(conn)
        return result

    def _serve_one(self, conn: Any) -> Any:
        """Serve one request, which long executions give way to."""
        assert self.service is not None  # loaded before the first connection is taken
        lane = self.service.lane
        lane.request_begins()
        try:
            return super().handle(conn)
        finally:
            lane.request_ends()

    def _next_is_here(self, conn: Any) -> bool:
        if not self.alive or self._queued or conn.parser.unreader.buf.getvalue():
            return False
        poller = select.poll()
        poller.register(conn.sock, select.POLLIN)
        return bool(poller.poll(LINGER_MS))

    # ---- signals ----------------------------------------------------------------------------

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """SIGTERM: drain, then stop."""
        if self.service is None:
            super().handle_exit(sig, frame)
        elif not self.service.draining:
            self.service.drain()
            delay_s = self.service.settings.drain_delay_ms / 1000
            timer = threading.Timer(delay_s, super().handle_exit, (sig, frame))
            timer.daemon = True
            timer.start()

    def handle_quit(self, sig: int, frame: FrameType | None) -> None:
        """SIGQUIT, SIGINT: stop at once."""
        self._quits = True
        super().handle_quit(sig, frame)

    def stop_service(self) -> None:
        """Let the service go; called when the worker has ended."""
        if self.service is not None:
            self.service.stop(QUIT_GRACE_S if self._quits else None)
