"""gunicorn's worker that serves with granian.

The main thread waits for signals and tells gunicorn's master that the worker lives; granian's own
threads do everything else.
"""

from __future__ import annotations

import atexit
import os
import select
import sys
import threading
import time
from types import FrameType
from typing import Final, NoReturn

from gunicorn.workers.base import Worker

from nexus.errors import ConfigError
from nexus.pool import WarmedThreads
from nexus.server.connections import LINGER_S, SLACK_S
from nexus.server.granian.environ import Environs
from nexus.server.granian.installed import check_tls
from nexus.server.granian.intake import Intake
from nexus.server.granian.listener import Listener
from nexus.server.granian.turns import Turns
from nexus.server.limits import ClientLimits, most_connections
from nexus.server.serving import QUIT_GRACE_S, drain, make_app, refuse_to_start
from nexus.service import Service

_NOTIFY_S: Final = 1.0
_SWEEP_S: Final = 0.25
"""How often bodies that take too long are looked for, while there are any."""


class GranianWorker(Worker):  # type: ignore[misc]  # gunicorn has no types
    """Serves the app that `nexus.wsgi.worker_app` makes."""

    service: Service
    _loaded = False
    _quits = False

    def load_wsgi(self) -> None:
        """Make the app; a failure ends the server."""
        try:
            check_tls(self.cfg)
        except ConfigError as error:
            refuse_to_start(self.log, error)
        self.wsgi = make_app(self.log)
        self.service = self.wsgi.extensions["nexus"]
        self._loaded = True
        environs = Environs(
            os.environ.get("SCRIPT_NAME", ""),
            multiprocess=self.cfg.workers > 1,
            trusted=frozenset(self.cfg.forwarded_allow_ips),
            secure_headers={
                name.lower().replace("_", "-"): value
                for name, value in self.cfg.secure_scheme_headers.items()
            },
        )

        def make_intake(turns: Turns) -> Intake:
            return Intake(self, self.wsgi, environs, turns)

        self._listeners = [
            Listener(sock.sock, make_intake, self.cfg, number=number)
            for number, sock in enumerate(self.sockets, 1)
        ]
        self.service.before_wait(self._before_wait)

    def run(self) -> None:
        """Serve until the worker must stop and all its connections are closed."""
        self.service.prepare()  # requests come as soon as a listener starts
        head_s = self.service.settings.http_head_timeout_ms / 1000
        for listener in self._listeners:
            listener.start(head_s=head_s, connections=most_connections())
        threading.Thread(target=self._start_service, name="nexus-start", daemon=True).start()
        while self.alive:
            self._wait()
            if self.ppid != os.getppid():
                self.log.info("Parent changed, shutting down: %s", self)
                self.end()
        self._drain()

    def end(self) -> None:
        """Stop accepting, and end once all requests are answered. Any thread may call this."""
        self.alive = False
        os.write(self.PIPE[1], b"1")

    @property
    def ends(self) -> bool:
        return not self.alive

    def limits(self) -> ClientLimits:
        return ClientLimits.of(self.service.settings)

    def count_request(self) -> None:
        self.nr += 1
        if self.nr >= self.max_requests and self.alive:  # threads may count past the number
            self.log.info("Autorestarting worker after current request.")
            self.end()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Handle SIGTERM: drain, then stop."""
        drain(self.service if self._loaded else None, self.end)

    def handle_quit(self, sig: int, frame: FrameType | None) -> None:
        """Handle SIGQUIT and SIGINT: stop at once."""
        self._quits = True
        super().handle_quit(sig, frame)

    def stop_service(self) -> None:
        """Stop the service. Called after the worker's loop has ended."""
        if not self._loaded:
            return
        self.service.stop(QUIT_GRACE_S if self._quits else None)
        # granian's threads stay where they wait: one that ended here, with the instances that are
        # its own, crashed in one of three times (wasmtime, Python 3.11).
        _end_process()

    # ---- the main thread ------------------------------------------------------------------------

    def _start_service(self) -> None:
        """Gather granian's threads, and warm instances on them."""
        for listener in self._listeners:
            listener.gather()
        turns = self._listeners[0].turns
        self.service.start(WarmedThreads(turns, self.cfg.threads))

    def _wait(self, most_s: float = _NOTIFY_S) -> None:
        """Wait for a signal, but not for long; then look after the master and after bodies."""
        bodies = any(len(listener.intake.bodies) for listener in self._listeners)
        pause_s = _SWEEP_S if bodies or not self.alive else _NOTIFY_S
        if select.select([self.PIPE[0]], [], [], min(pause_s, most_s))[0]:
            os.read(self.PIPE[0], 4096)
        self.notify()
        for listener in self._listeners:
            listener.intake.bodies.sweep()

    def _drain(self) -> None:
        """Answer what has begun: up to the longest deadline, and some time to send answers.

        Connections that were accepted may still send a request for `LINGER_S`; the answers close
        them.
        """
        for listener in self._listeners:
            listener.stop_accepting()
        longest_s = self.service.handlers.longest_timeout_s or self.service.limits.timeout_s
        until = time.monotonic() + longest_s + SLACK_S
        begins_until = time.monotonic() + min(LINGER_S, longest_s)
        while time.monotonic() < begins_until:
            self._wait(begins_until - time.monotonic())
        for listener in self._listeners:
            listener.stop()
        while not all(listener.stopped.is_set() for listener in self._listeners):
            if time.monotonic() > until:
                return
            self._wait()

    def _before_wait(self) -> None:
        for listener in self._listeners:
            listener.turns.before_wait()


def _end_process() -> NoReturn:
    """End the process like `sys.exit` in progress would, but without Python's own finalization:
    granian's threads may still run Python, and crashed with it."""
    ended = sys.exc_info()[1]
    code = ended.code if isinstance(ended, SystemExit) else 1 if ended else 0
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 0)
