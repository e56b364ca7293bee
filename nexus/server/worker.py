"""gunicorn's `gthread` worker: instances warm on its threads, an orderly drain, short ways.

On SIGTERM readiness fails first, and the worker goes on accepting for `drain_delay_ms`: what sends
requests here (a Service's endpoints, a load balancer) needs that long to notice. Then it stops
accepting and finishes what runs, as gthread does.

gthread lets its threads wait for clients, and passes a connection that is kept alive back to its
poller and from there to a thread with each request. Here threads get requests that are there, and
serve them one after the other while they follow closely. The package's docstring has the map.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from flask import Flask
from gunicorn.arbiter import Arbiter
from gunicorn.workers.gthread import ThreadWorker

from nexus.config import inherit
from nexus.errors import ConfigError, NexusError, ShuttingDown
from nexus.server.connections import Connections
from nexus.server.kept_alive import KeptAlive, Step
from nexus.server.limits import most_connections
from nexus.server.prepared import prepared
from nexus.server.sockets.arrival import Arrival
from nexus.server.sockets.incoming import HeadIncomplete
from nexus.server.threads import Threads
from nexus.service import Service
from nexus.wsgi import worker_app

QUIT_GRACE_S = 0.1


class NexusWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Serves the app that `nexus.wsgi.worker_app` makes."""

    service: Service | None = None
    _quits = False
    _polls = True
    """whether the main thread still takes steps"""

    def load_wsgi(self) -> None:
        """Make the app and start its service; where that is wrong, say so and end the server."""
        try:
            self.wsgi = _make_app()
        except NexusError as error:
            wrong = isinstance(error, ConfigError)
            for line in error.problems if isinstance(error, ConfigError) else [error]:
                self.log.error("%s", line)
            sys.exit(Arbiter.APP_LOAD_ERROR if wrong else Arbiter.WORKER_BOOT_ERROR)
        self.service = self.wsgi.extensions["nexus"]
        # Not when the worker is made: that is in gunicorn's master, whose descriptors they would
        # stay.
        queued = max(1, self.cfg.worker_connections - self.cfg.threads)
        wake = partial(self.on_main_thread, lambda: None)
        self._threads = Threads(self.tpool, self.cfg.threads, queued, wake)
        self._kept_alive = KeptAlive(self)
        self._connections = Connections(self, self.service, self._kept_alive.before_wait)
        # gthread limits connections to limit requests, of which it knows nothing before a thread
        # reads them; and it closes some to have room for others.
        self.worker_connections = most_connections()
        self.max_keepalived = sys.maxsize
        self.service.before_wait(self._kept_alive.before_wait)
        self.service.start(self.tpool)
        self._kept_alive.start()

    @classmethod
    def check_config(cls, cfg: Any, log: Any) -> None:
        """Accept any number of connections: gthread warns of settings that mean nothing here."""

    # ---- gunicorn's main loop ---------------------------------------------------------------

    def run(self) -> None:
        """Serve until the worker is told to stop, and all connections are closed."""
        try:
            super().run()
        finally:
            self._polls = False

    def accept(self, listener: Any) -> None:
        """Accept a connection, for whose requests no thread is going to wait."""
        if "h2" in self.cfg.http_protocols or self.cfg.protocol != "http":
            super().accept(listener)  # those gthread alone can read, and its threads wait
            return
        self._connections.accept(listener)
        if self.nr_conns >= self.worker_connections:
            self._connections.make_room()

    def set_accept_enabled(self, enabled: bool) -> None:
        """Accept connections or not; never while too many requests wait for a thread."""
        super().set_accept_enabled(enabled and self._may_accept())

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """Poll once, but no longer than until a client may have taken too long."""
        if self._accepting and not self._may_accept():
            self.set_accept_enabled(False)
        super().wait_for_and_dispatch_events(min(timeout, self._connections.pause_s()))

    def murder_keepalived(self, force: bool = False) -> None:
        """End waits that took too long; with *force*, all. Called with each round of the loop."""
        super().murder_keepalived(force)
        if not self.alive:
            self._connections.stop()
        self._connections.sweep()
        if force:
            self._connections.close_all()

    def is_parent_alive(self) -> bool:
        """Return whether the master lives; without it the worker stops as by SIGTERM."""
        if not super().is_parent_alive():
            self.alive = False
        return bool(self.alive)

    def _may_accept(self) -> bool:
        return not (self._threads.queue_is_full() or self._connections.paused())

    def on_main_thread(self, step: Step) -> None:
        """Have the main thread take *step*."""
        if self._polls:
            self.method_queue.defer(step)

    # ---- threads ----------------------------------------------------------------------------

    def serve_later(self, conn: Any) -> bool:
        """Have a thread serve the request of *conn*, which is there; return whether one can."""
        return self._threads.serve(partial(self._serve_first, conn))

    def _serve_first(self, conn: Any) -> None:
        """Serve the request of *conn*, and then those of all connections that are kept."""
        if self._connections.too_late():
            error = ShuttingDown("this worker is shutting down")
            conn.sock.incoming.end_part()
            self.on_main_thread(partial(self._connections.refuse, conn, error))
            return
        step = self._answer(conn)
        if step is None and not self._keeps():
            step = partial(self._connections.keep, conn)
        if step is not None:
            self.on_main_thread(step)
            return
        self._kept_alive.keep(conn)
        self._kept_alive.lead()

    def _keeps(self) -> bool:
        # Not while instances are made warm: that takes all threads, and who leads lets none go.
        return self.service is not None and self.service.handlers.warmed and not self.stopping()

    def _answer(self, conn: Any) -> Step | None:
        """Serve the request of *conn*; return what happens to the connection, None: it stays."""
        stays = False
        try:
            stays = self.handle(conn) is True
            conn.sock.flush()
        except HeadIncomplete:  # by gunicorn's parser, which knows more of heads
            return partial(self._connections.keep, conn)
        except OSError as error:  # the client is gone
            self.log.debug("a connection is closed: %s", error)
            stays = False
        except BaseException:  # a request for the worker to exit, too: the thread goes on
            self.log.exception("a request ended its connection")
        finally:
            conn.sock.incoming.end_part()
        return self._connections.following(conn, stays=stays)

    def handle(self, conn: Any) -> Any:
        """Serve one request, to which long executions give way; return whether *conn* stays."""
        assert self.service is not None  # loaded before the first connection is taken
        lane = self.service.lane
        lane.request_begins()
        try:
            return super().handle(conn)
        finally:
            lane.request_ends()

    # ---- what `KeptAlive` wants of its host -------------------------------------------------

    def serve(self, conn: Any) -> Step | None:
        assert self.service is not None  # loaded before the first connection is taken
        if self.service.orders:  # a policy can only choose among requests that came to it
            self._kept_alive.before_wait()
        arrival = conn.sock.incoming.arrival()
        if arrival is Arrival.WHOLE:
            return self._answer(conn)
        if arrival is Arrival.MORE:
            return None
        if arrival is Arrival.GONE:
            return partial(self._connections.close, conn)
        return partial(self._connections.keep, conn)

    def wait_for_client(self, conn: Any) -> None:
        self._connections.keep(conn)

    def run_elsewhere(self, task: Callable[[], None]) -> bool:
        return self._threads.run(task)

    def stopping(self) -> bool:
        return not self.alive

    def needs_thread(self) -> bool:
        return self._threads.wanted()

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
            self._connections.end_waits()
            self._kept_alive.stop()
            self.service.stop(QUIT_GRACE_S if self._quits else None)


def _make_app() -> Flask:
    """Make this worker's app from what the master loaded; what may change is read again."""
    found = prepared()
    sources = found.plugins.config_sources(Path.cwd(), os.environ)
    return worker_app(found.plugins, inherit(found.loaded, sources))
