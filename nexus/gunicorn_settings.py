"""gunicorn's configuration from Nexus's settings (`gunicorn -c python:nexus.gunicorn_settings`)."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from nexus.config import load

_settings = load({}, os.environ, Path.cwd()).settings

wsgi_app = "nexus.wsgi:app()"
worker_class = "gthread"
bind = _settings.bind
workers = _settings.workers
threads = _settings.threads
worker_connections = _settings.threads + _settings.max_queue
"""gthread queues accepted requests without bound: keep what it may accept near what we admit"""
timeout = 30 + _settings.stuck_after_ms // 1000
"""worker liveness; guests give the GIL up at every checkpoint, so only a stuck worker misses it"""
graceful_timeout = 30 + _settings.timeout_ms // 1000
accesslog = None
"""Nexus writes its own access log"""
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "loggers": {"gunicorn.error": {"handlers": [], "propagate": True}},
}

_metrics_dir = tempfile.mkdtemp(prefix="nexus-metrics-")
raw_env = [f"PROMETHEUS_MULTIPROC_DIR={_metrics_dir}", "NEXUS_SUPERVISED=1"]
os.environ["PROMETHEUS_MULTIPROC_DIR"] = _metrics_dir


def child_exit(server: Any, worker: Any) -> None:
    """Take a dead worker's live gauges out of the sum."""
    # Imported late: prometheus_client decides at import whether it counts for several processes.
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def worker_exit(server: Any, worker: Any) -> None:
    """Let the worker's service go in order."""
    application = worker.app.callable
    service = application.extensions.get("nexus") if application is not None else None
    if service is not None:
        service.stop()


def on_exit(server: Any) -> None:
    """The last process out removes the metrics files."""
    shutil.rmtree(_metrics_dir, ignore_errors=True)
