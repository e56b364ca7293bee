"""gunicorn's `gthread` worker, with instances warm on its threads and an orderly drain.

On SIGTERM readiness fails first, and the worker goes on accepting for `drain_delay_ms`: what sends
requests here (a Service's endpoints, a load balancer) needs that long to notice. Then it stops
accepting and finishes what runs, as gthread does.
"""

from __future__ import annotations

import threading
from types import FrameType

from gunicorn.workers.gthread import ThreadWorker

from nexus.service import Service

QUIT_GRACE_S = 0.1


class NexusWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Serves the app that `nexus.wsgi:app()` makes."""

    service: Service | None = None
    _quits = False

    def load_wsgi(self) -> None:
        super().load_wsgi()
        self.service = self.wsgi.extensions["nexus"]
        self.service.start(self.tpool)

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
