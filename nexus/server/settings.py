"""gunicorn's configuration from Nexus's settings (`gunicorn -c python:nexus.server.settings`)."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from nexus import logs
from nexus.config import load, to_environ
from nexus.config.handover import HANDED_DOWN
from nexus.errors import ConfigError
from nexus.plugins import load_plugins
from nexus.pod.derived import sized
from nexus.server.run_folder import shared_folder
from nexus.service.choices import checks_by

_stuck_dir = shared_folder() / "stuck"
try:
    _plugins = load_plugins(os.environ)
    _sources = _plugins.config_sources(Path.cwd(), os.environ)
    _sized = sized(load({}, os.environ, Path.cwd(), _sources, checks_by(_plugins)))
except ConfigError as error:  # which gunicorn would show with all its frames
    print(*(f"error: {line}" for line in error.problems), sep="\n", file=sys.stderr)
    sys.exit(2)
_settings, _sizing = _sized.loaded.settings, _sized.sizing

wsgi_app = "nexus.wsgi:worker_app()"
worker_class = "nexus.server.worker.NexusWorker"
bind = _settings.bind
control_socket_disable = True
"""gunicorn 25.1 and later would make one under $HOME, which in a container may not be there"""
workers = _sizing.workers.value
threads = _sizing.threads.value
worker_connections = _sizing.worker_connections.value
# For the workers, who warm as many threads as gunicorn gives them. Where a source may change, they
# must have everything else as it is here.
if _sized.loaded.stack.sources and HANDED_DOWN not in os.environ:
    os.environ.update(to_environ(_sized.loaded))
os.environ.update(NEXUS_WORKERS=str(workers), NEXUS_THREADS=str(threads))
timeout = 30 + _settings.stuck_after_ms // 1000
"""worker liveness; guests give the GIL up at every checkpoint, so only a stuck worker misses it"""
_slack_s = max(30, 2 * _settings.plugin_timeout_ms // 1000)  # stop hooks, then sinks
graceful_timeout = _slack_s + (_settings.timeout_ms + _settings.drain_delay_ms) // 1000
sendfile = False
"""it would hold a thread for as long as the client takes"""
accesslog = None
"""Nexus writes its own access log"""
logger_class = "nexus.server.log.NexusLogger"
loglevel = _settings.log_level

logs.configure(_settings.log_level, _settings.log_format)


def on_starting(server: Any) -> None:
    """Import what workers run, and say what was derived from what.

    Imported once here, before workers are forked: by each of them it took 0.2 s.
    """
    import nexus.http  # noqa: F401

    cores = _sized.quota
    server.log.info("%.4g cores by %s", cores.cores, cores.source)
    for figure in _sizing.figures():
        server.log.info("%s %d: %s", figure.name, figure.value, figure.why)
    if _sizing.warning is not None:
        server.log.warning("%s", _sizing.warning)


def child_exit(server: Any, worker: Any) -> None:
    """Take a dead worker's live gauges out of the sum; count it if a guest did not stop."""
    # Imported late: prometheus_client decides at import whether it counts for several processes.
    from prometheus_client import multiprocess

    from nexus.metrics.workers import count_stuck

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
    log = _stuck_dir / f"{worker.pid}.txt"
    stacks = log.read_text(errors="replace") if log.exists() else ""
    log.unlink(missing_ok=True)
    if stacks:
        server.log.error("worker %s was replaced: a guest did not stop\n%s", worker.pid, stacks)
        count_stuck()


def worker_exit(server: Any, worker: Any) -> None:
    """Let the worker's service go in order."""
    worker.stop_service()
