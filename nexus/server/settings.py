"""gunicorn's configuration from Nexus's settings (`gunicorn -c python:nexus.server.settings`)."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any, NoReturn

from nexus import logs
from nexus.errors import ConfigError
from nexus.server.address import check_addresses
from nexus.server.fields import join_cookies
from nexus.server.run_folder import run_folder


def _end_with(error: ConfigError, code: int = 2) -> NoReturn:
    """Say what is wrong, which gunicorn would show with all its frames, and end the process."""
    print(*(f"error: {line}" for line in error.problems), sep="\n", file=sys.stderr)
    sys.exit(code)


try:
    _shared = run_folder()
    # Not above: they import prometheus_client, which decides at import whether it counts for
    # several processes.
    from nexus.metrics.dead import DeadWorkers
    from nexus.pod.derived import sized
    from nexus.server.prepared import hand_over, prepared

    _prepared = prepared()
    _sized = sized(_prepared.loaded)
except ConfigError as error:
    _end_with(error)
_stuck_dir, _dead_workers = _shared / "stuck", DeadWorkers(_shared / "metrics")
hand_over(replace(_prepared, loaded=_sized.loaded))
_settings, _sizing = _sized.loaded.settings, _sized.sizing

wsgi_app = "nexus.wsgi:app()"
worker_class = "nexus.server.worker.NexusWorker"
bind = _settings.bind
control_socket_disable = True
"""gunicorn 25.1 and later would make one under $HOME, which in a container may not be there"""
workers = _sizing.workers.value
threads = _sizing.threads.value
worker_connections = _sizing.worker_connections.value
timeout = 30 + _settings.stuck_after_ms // 1000
"""worker liveness; guests give the GIL up at every checkpoint, so only a stuck worker misses it"""
_slack_s = max(30, 2 * _settings.plugin_timeout_ms // 1000)  # stop hooks, then sinks
graceful_timeout = _slack_s + (_settings.timeout_ms + _settings.drain_delay_ms) // 1000
forwarder_headers = ""
"""gunicorn's default lets any client on this machine move the path by a header SCRIPT_NAME; an
operator who mounts the app below a path sets the environment variable SCRIPT_NAME"""
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
    try:
        check_addresses(server.cfg.address)
    except ConfigError as error:
        _end_with(error, 1)  # nothing is wrong with the settings as such
    import nexus.http  # noqa: F401

    cores = _sized.quota
    server.log.info("%.4g cores by %s", cores.cores, cores.source)
    for figure in _sizing.figures():
        server.log.info("%s %d: %s", figure.name, figure.value, figure.why)
    if _sizing.warning is not None:
        server.log.warning("%s", _sizing.warning)


def pre_request(worker: Any, request: Any) -> None:
    """Join what gunicorn would join wrongly."""
    join_cookies(request)


def child_exit(server: Any, worker: Any) -> None:
    """Take a dead worker's live gauges out of the sum, and add its other figures to those of all
    that are dead; count it if a guest did not stop."""
    # Imported late: prometheus_client decides at import whether it counts for several processes.
    from prometheus_client import multiprocess

    from nexus.metrics.workers import count_stuck

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
    _dead_workers.merge(worker.pid, server.WORKERS)
    log = _stuck_dir / f"{worker.pid}.txt"
    stacks = log.read_text(errors="replace") if log.exists() else ""
    log.unlink(missing_ok=True)
    if stacks:
        server.log.error("worker %s was replaced: a guest did not stop\n%s", worker.pid, stacks)
        count_stuck()


def worker_exit(server: Any, worker: Any) -> None:
    """Let the worker's service go in order."""
    worker.stop_service()
