"""The limit: Nexus's worker, serving another app than Nexus.

It shows what a handler costs beyond the server: everything but the app is the same, on the same
threads. `gunicorn -c python:nexus.server.start.settings -k bench.limit.LimitWorker MODULE:APP`.
"""

from __future__ import annotations

from gunicorn import util

from nexus.server.worker import NexusWorker


class LimitWorker(NexusWorker):
    """A `NexusWorker` that serves the app named on gunicorn's command line."""

    def load_wsgi(self) -> None:
        super().load_wsgi()
        self.wsgi = util.import_app(self.app.app_uri)
