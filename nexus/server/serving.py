"""What gunicorn's workers do alike with either server: make the app, and drain on SIGTERM."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NoReturn

from flask import Flask
from gunicorn.arbiter import Arbiter

from nexus.config import inherit
from nexus.errors import ConfigError, NexusError
from nexus.server.start.management_socket import opened
from nexus.server.start.prepared import prepared
from nexus.service import Service
from nexus.wsgi import serve_management, worker_app

QUIT_GRACE_S: Final = 0.1
"""How long the service of a worker that must stop at once waits for its executions to end."""


def make_app(log: Any) -> Flask:
    """Make this worker's app from the master's plugins and settings, and answer on the management
    port if there is one; read live settings again.

    If that fails, write why to gunicorn's *log* and end the server.
    """
    found = prepared()
    try:
        sources = found.plugins.config_sources(Path.cwd(), os.environ)
        app = worker_app(found.plugins, inherit(found.loaded, sources))
    except NexusError as error:
        refuse_to_start(log, error)
    listener = opened()
    if listener is not None:
        serve_management(app, listener)
    return app


def refuse_to_start(log: Any, error: NexusError) -> NoReturn:
    """Write *error* to gunicorn's *log*, and end the server: no other worker would do better."""
    wrong = isinstance(error, ConfigError)
    for line in error.problems if isinstance(error, ConfigError) else [error]:
        log.error("%s", line)
    sys.exit(Arbiter.APP_LOAD_ERROR if wrong else Arbiter.WORKER_BOOT_ERROR)


def drain(service: Service | None, stop: Callable[[], object]) -> None:
    """Make readiness fail, and call *stop* after `drain_delay_ms`, or at once without a service.

    The sender of requests needs the delay to notice. A second call changes nothing.
    """
    if service is None:
        stop()
    elif not service.draining:
        service.drain()
        timer = threading.Timer(service.settings.drain_delay_ms / 1000, stop)
        timer.daemon = True
        timer.start()
