"""gunicorn's `gthread` worker: instances warm on its threads, an orderly drain, short ways.

On SIGTERM readiness fails first, and the worker goes on accepting for `drain_delay_ms`: what sends
requests here (a Service's endpoints, a load balancer) needs that long to notice. Then it stops
accepting and finishes what runs, as gthread does.

gthread gives a connection back to the main thread's poller after every request, and takes it from
there for the next: a pipe, a poller and a future, which costs more than answering does. Here it
comes back once its requests do not follow closely (`gunicorn_kept_alive.py`).
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from flask import Flask
from gunicorn.arbiter import Arbiter
from gunicorn.workers.gthread import ThreadWorker

from nexus.config import inherit
from nexus.errors import ConfigError, NexusError
from nexus.server.closing import Closing
from nexus.server.connection import Connection
from nexus.server.kept_alive import KeptAlive
from nexus.server.prepared import prepared
from nexus.service import Service
from nexus.wsgi import worker_app

QUIT_GRACE_S = 0.1
_KEPT = object()
"""what `handle` says of a connection that gunicorn need not see to"""


class NexusWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Serves the app that `nexus.wsgi.worker_app` makes."""

    service: Service | None = None
    _quits = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lock = threading.Lock()  # guards the next two
        self._queued = 0
        """connections that no thread has begun to handle"""
        self._busy = 0
        """threads that do something"""

    def load_wsgi(self) -> None:
        """Make the app and start its service; where that is wrong, say so and end the server."""
        try:
            self.wsgi = _make_app()
        except NexusError as error:
            wrong = isinstance(error, ConfigError)
            for line in error.problems if isinstance(error, ConfigError) else [error]:
                self.log.error("%s", line)
            sys.exit(Arbiter.APP_LOAD_ERROR if wrong else Arbiter.WORKER_BOOT_ERROR)
        # Not when the worker is made: that is in gunicorn's master, whose descriptor it would stay.
        self._kept_alive = KeptAlive(self)
        self._closing = Closing(self.poller, self._close)
        self.service = self.wsgi.extensions["nexus"]
        self.service.before_wait(self._kept_alive.before_wait)
        self.service.start(self.tpool)
        self._kept_alive.start()

    # ---- connections ------------------------------------------------------------------------

    def enqueue_req(self, conn: Any) -> None:
        # TLS has a socket of its own, made from the plain one: there all is as gthread has it.
        if not self.cfg.is_ssl and not isinstance(conn.sock, Connection):
            conn.sock = Connection(conn.sock, self._kept_alive.before_wait)
        with self._lock:
            self._queued += 1
        super().enqueue_req(conn)

    def handle(self, conn: Any) -> Any:
        """Serve a request of *conn*, and then those of all connections that are kept.

        True: to be kept alive by gunicorn. (gthread also has a value for a connection without
        data yet.)
        """
        with self._lock:
            self._queued -= 1
        with self._at_work():
            result = self._handle_one(conn)
            if result is not True or not self._keeps(conn):
                return result
            self._kept_alive.keep(conn)
            self._kept_alive.lead()
            return _KEPT

    def _keeps(self, conn: Any) -> bool:
        # Not while instances are made warm: that takes all threads, and who leads lets none go.
        warmed = self.service is not None and self.service.handlers.warmed
        return warmed and not self.stopping() and isinstance(conn.sock, Connection)

    def handle_request(self, req: Any, conn: Any) -> Any:
        # What gunicorn holds against its own kept-alive connections, to have room for others.
        most = self.worker_connections - self.cfg.threads
        self.max_keepalived = most - len(self._kept_alive)
        result = super().handle_request(req, conn)
        if isinstance(conn.sock, Connection):
            conn.sock.flush()
        return result

    def finish_request(self, conn: Any, fs: Future[Any]) -> None:
        """On the main thread: see to a connection that was handled."""
        if fs.cancelled() or fs.exception() is not None:
            super().finish_request(conn, fs)
        elif fs.result() is False and isinstance(conn.sock, Connection):
            self._closing.add(conn)
        elif fs.result() is not _KEPT:
            super().finish_request(conn, fs)

    def murder_keepalived(self, force: bool = False) -> None:
        """On the main thread, with each of its rounds; with *force* in the end."""
        super().murder_keepalived(force)
        self._closing.end(everything=force)

    def _close(self, conn: Any) -> None:
        self.nr_conns -= 1
        conn.close()

    def _handle_one(self, conn: Any) -> Any:
        """Serve one request, which long executions give way to."""
        assert self.service is not None  # loaded before the first connection is taken
        lane = self.service.lane
        lane.request_begins()
        try:
            return super().handle(conn)
        finally:
            lane.request_ends()

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        with self._lock:
            self._busy += 1
        try:
            yield
        finally:
            with self._lock:
                self._busy -= 1

    # ---- what `KeptAlive` wants of its host -------------------------------------------------

    def serve(self, conn: Any) -> bool:
        assert self.service is not None  # loaded before the first connection is taken
        if self.service.orders:  # a policy can only choose among requests that came to it
            self._kept_alive.before_wait()
        try:
            return self._handle_one(conn) is True
        except BaseException:  # a request for the worker to exit, too: the leader goes on
            self.log.exception("a request ended its connection")
            return False

    def hand_back(self, conn: Any, stays: bool) -> None:
        handled: Future[bool] = Future()
        handled.set_result(stays)
        self.method_queue.defer(self.finish_request, conn, handled)

    def run_elsewhere(self, task: Callable[[], None]) -> bool:
        def work() -> None:
            with self._at_work():
                task()

        try:
            self.tpool.submit(work)
        except RuntimeError:  # the worker ends
            return False
        return True

    def stopping(self) -> bool:
        return not self.alive

    def needs_thread(self) -> bool:
        return self._queued > 0 and self._busy >= self.cfg.threads

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
            self._kept_alive.stop()
            self.service.stop(QUIT_GRACE_S if self._quits else None)


def _make_app() -> Flask:
    """Make this worker's app from what the master loaded; what may change is read again."""
    found = prepared()
    sources = found.plugins.config_sources(Path.cwd(), os.environ)
    return worker_app(found.plugins, inherit(found.loaded, sources))
