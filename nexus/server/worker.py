"""Extends gunicorn's `gthread` worker: warms instances on its threads, drains, serves faster.

On SIGTERM readiness fails first, and the worker goes on accepting for `drain_delay_ms`: the sender
of requests (a Service's endpoints, a load balancer) needs that long to notice. Then the worker
stops accepting and finishes the requests under way, like gthread.

gthread lets its threads wait for clients, and passes a connection that is kept alive back to its
poller and from there to a thread with each request. Here threads get requests that have arrived,
and serve one after the other while they follow closely. The package's docstring has the map.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

from nexus.errors import InvalidArgument, ShuttingDown
from nexus.pool import WarmedThreads
from nexus.server.connections import Connections
from nexus.server.handed_over import HandedOver
from nexus.server.kept_alive import KeptAlive, Step, handed_over
from nexus.server.limits import most_connections
from nexus.server.refusals import Noting, asked_on, report
from nexus.server.serving import QUIT_GRACE_S, drain, make_app
from nexus.server.sockets.arrival import Arrival
from nexus.server.sockets.incoming import HeadIncomplete
from nexus.server.threads import Threads
from nexus.service import Service


class NexusWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Serves the app that `nexus.wsgi.worker_app` makes."""

    service: Service | None = None
    _quits = False
    _polls = True
    """whether the main thread still runs steps"""

    def load_wsgi(self) -> None:
        """Make the app and start its service. If that fails, log why and end the server."""
        self.wsgi = make_app(self.log)
        self.service = self.wsgi.extensions["nexus"]
        # Not in the constructor: gunicorn's master calls it, and the descriptors would stay open
        # there.
        queued = max(1, self.cfg.worker_connections - self.cfg.threads)
        wake = partial(self.on_main_thread, lambda: None)
        self._threads = Threads(self.tpool, self.cfg.threads, queued, wake)
        self._handed_over = HandedOver()
        self._kept_alive = KeptAlive(self)
        self._connections = Connections(self, self.service, self._kept_alive.before_wait)
        # gthread limits connections because it cannot count requests before a thread reads them,
        # and it closes kept connections to make room for others. Neither is needed here.
        self.worker_connections = most_connections()
        self.max_keepalived = sys.maxsize
        self.service.before_wait(self._kept_alive.before_wait)
        self.service.around_outbound(self._threads.wait_begins, self._threads.wait_ends)
        self.service.start(WarmedThreads(self.tpool, self.cfg.threads))
        self._kept_alive.looker.start()

    @classmethod
    def check_config(cls, cfg: Any, log: Any) -> None:
        """Check nothing: gthread would warn of settings that have no effect here."""

    # ---- gunicorn's main loop ---------------------------------------------------------------

    def run(self) -> None:
        """Serve until the worker must stop and all its connections are closed."""
        try:
            super().run()
        finally:
            self._polls = False

    def accept(self, listener: Any) -> None:
        """Accept a connection, whose requests no thread will wait for."""
        if "h2" in self.cfg.http_protocols or self.cfg.protocol != "http":
            super().accept(listener)  # only gthread reads these protocols; its threads wait
            return
        self._connections.accept(listener)
        if self.nr_conns >= self.worker_connections:
            self._connections.make_room()

    def set_accept_enabled(self, enabled: bool) -> None:
        """Begin or stop accepting; do not accept while too many requests wait for a thread."""
        super().set_accept_enabled(enabled and self._may_accept())

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """Poll once, for no longer than until the next search for clients that are too slow."""
        if self._accepting and not self._may_accept():
            self.set_accept_enabled(False)
        super().wait_for_and_dispatch_events(min(timeout, self._connections.pause_s()))

    def murder_keepalived(self, force: bool = False) -> None:
        """End the waits that took too long; with *force*, all of them. gunicorn calls this in each
        round of its loop."""
        super().murder_keepalived(force)
        if not self.alive:
            self._connections.stop()
        self._connections.sweep()
        if force:
            self._connections.close_all()

    def is_parent_alive(self) -> bool:
        """Return whether the master lives; if not, stop this worker in an orderly way."""
        if not super().is_parent_alive():
            self.alive = False
        return bool(self.alive)

    def _may_accept(self) -> bool:
        return not (self._threads.queue_is_full() or self._connections.paused())

    def on_main_thread(self, step: Step) -> None:
        """Let the main thread run *step*."""
        if self._polls:
            self.method_queue.defer(step)

    # ---- threads ----------------------------------------------------------------------------

    def serve_later(self, conn: Any) -> bool:
        """Let a thread serve the request of *conn*, which has arrived; return False if the threads
        have ended."""
        return self._threads.serve(self.handler_of(conn), partial(self._serve_first, conn))

    def _serve_first(self, conn: Any) -> None:
        """Serve the request of *conn*; then lead, unless another thread does."""
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
        # Not while instances are warmed: that takes all threads, and a leader would not end.
        return self.service is not None and self.service.handlers.warmed and not self.stopping()

    def _answer(self, conn: Any) -> Step | None:
        """Serve the request of *conn*; return the main thread's next step with the connection, or
        None if it is kept alive."""
        stays = False
        try:
            stays = self.handle(conn) is True
            if self._handed_over.threads and self._handed_over.take():
                return handed_over
            conn.sock.flush()
        except HeadIncomplete:  # for gunicorn's parser, which is stricter than `Incoming`
            conn.sock.incoming.end_part()
            return partial(self._connections.keep, conn)
        except OSError as error:  # the client has left
            self.log.debug("a connection is closed: %s", error)
            stays = False
        except BaseException:  # also SystemExit: the thread must go on
            self.log.exception("a request ended its connection")
        conn.sock.incoming.end_part()
        return self._connections.following(conn, stays=stays)

    def answered(self, conn: Any, stays: bool) -> None:
        """Hand *conn* over to the main thread: it is answered, but the caller's run goes on."""
        conn.sock.flush()
        conn.sock.incoming.end_part()
        step = self._connections.following(conn, stays=stays)
        self._handed_over.add()
        self._kept_alive.give(conn.sock.fileno(), step or partial(self._connections.keep, conn))

    def _keepalive_after(self, conn: Any, keepalive: bool) -> bool:
        if self._handed_over:
            return False  # another thread may read from the connection by now
        stays: bool = super()._keepalive_after(conn, keepalive)
        return stays

    def handle(self, conn: Any) -> Any:
        """Serve one request while long executions give way to it; return whether *conn* is kept
        alive."""
        assert self.service is not None  # loaded before the first connection is taken
        lane = self.service.lane
        lane.request_begins()
        try:
            return super().handle(conn)
        finally:
            lane.request_ends()

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        """Let gunicorn answer a request that it rejects; count and log that like our refusals.

        A 500 is no refusal: the application failed, which has been logged.
        """
        noting = Noting(client)
        super().handle_error(req, noting, addr, exc)
        if self.service is not None and noting.status and noting.status != 500:
            error = InvalidArgument(str(exc))
            asked = asked_on(getattr(client, "incoming", None), addr)
            report(self.service, asked, error, noting.status, noting.size)

    # ---- called by `KeptAlive` --------------------------------------------------------------

    def handler_of(self, conn: Any) -> str:
        assert self.service is not None  # loaded before the first connection is taken
        incoming = conn.sock.incoming
        incoming.arrival()
        found = self.service.handlers.catalogue.routes.find(asked_on(incoming, None).path)
        return "" if found is None else found.name

    def serve(self, conn: Any) -> Step | None:
        assert self.service is not None  # loaded before the first connection is taken
        if self.service.orders:  # a policy must see other requests, too, to choose among them
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
        """Handle SIGTERM: drain, then stop."""
        drain(self.service, partial(super().handle_exit, sig, frame))

    def handle_quit(self, sig: int, frame: FrameType | None) -> None:
        """Handle SIGQUIT and SIGINT: stop at once."""
        self._quits = True
        super().handle_quit(sig, frame)

    def stop_service(self) -> None:
        """Stop the service. Called after the worker's loop has ended."""
        if self.service is not None:
            self._connections.end_waits()
            self._kept_alive.looker.stop()
            self._threads.close()
            self.service.stop(QUIT_GRACE_S if self._quits else None)
