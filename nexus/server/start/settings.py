"""gunicorn's configuration from Nexus's settings.

`gunicorn -c python:nexus.server.start.settings` reads it.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any, NoReturn

from nexus import logs
from nexus.errors import ConfigError
from nexus.server.fields import join_cookies
from nexus.server.granian.installed import check_installed
from nexus.server.start.address import check_addresses
from nexus.server.start.run_folder import run_folder


def _end_with(error: ConfigError, code: int = 2) -> NoReturn:
    """Print the problems and end the process; gunicorn would print a traceback instead."""
    print(*(f"error: {line}" for line in error.problems), sep="\n", file=sys.stderr)
    sys.exit(code)


try:
    _shared = run_folder()
    # Not at the top: these modules import prometheus_client, which decides at import whether it
    # counts for several processes.
    from nexus.metrics.dead import DeadWorkers
    from nexus.pod.derived import sized
    from nexus.server.start.prepared import hand_over, prepared

    _prepared = prepared()
    _sized = sized(_prepared.loaded)
    if _sized.loaded.settings.server == "granian":
        check_installed()
except ConfigError as error:
    _end_with(error)
_stuck_dir, _dead_workers = _shared / "stuck", DeadWorkers(_shared / "metrics")
hand_over(replace(_prepared, loaded=_sized.loaded))
_settings, _sizing = _sized.loaded.settings, _sized.sizing

wsgi_app = "nexus.wsgi:app()"
worker_class = {
    "gunicorn": "nexus.server.worker.NexusWorker",
    "granian": "nexus.server.granian.worker.GranianWorker",
}[_settings.server]
bind = _settings.bind
control_socket_disable = True
"""gunicorn 25.1 and later would make one under $HOME, which may not exist in a container"""
workers = _sizing.workers.value
threads = _sizing.threads.value
worker_connections = _sizing.worker_connections.value
timeout = 30 + _settings.stuck_after_ms // 1000
"""How long a worker may be silent before the master kills it. Guests release the GIL at every
checkpoint, so only a stuck worker is silent for so long."""
_slack_s = max(30, 2 * _settings.plugin_timeout_ms // 1000)  # stop hooks, then sinks
graceful_timeout = _slack_s + (_settings.timeout_ms + _settings.drain_delay_ms) // 1000
forwarder_headers = ""
"""By gunicorn's default any client on this machine can change the path with a header SCRIPT_NAME.
An operator who mounts the app below a path sets the environment variable SCRIPT_NAME instead."""
sendfile = False
"""sendfile would keep a thread busy until the client has read the whole file"""
accesslog = None
"""Nexus writes its own access log"""
logger_class = "nexus.server.log.NexusLogger"
loglevel = _settings.log_level

logs.configure(_settings.log_level, _settings.log_format)


def on_starting(server: Any) -> None:
    """Check the addresses, import the workers' code, and log the derived numbers and their reasons.

    The imports take 0.2 s: done here, before the master forks, the workers need not repeat them.
    """
    # Not at the top: it imports prometheus_client, see above.
    from nexus.server.start.management_socket import open_socket

    try:
        check_addresses(server.cfg.address)
        open_socket(_settings.management_bind)
    except ConfigError as error:
        _end_with(error, 1)  # not 2: the settings by themselves are valid
    import nexus.http  # noqa: F401

    cores = _sized.quota
    server.log.info("%.4g cores by %s", cores.cores, cores.source)
    for figure in _sizing.figures():
        server.log.info("%s %d: %s", figure.name, figure.value, figure.why)
    if _sizing.warning is not None:
        server.log.warning("%s", _sizing.warning)


def when_ready(server: Any) -> None:
    """Say what the server answers at, once it listens."""
    from nexus.server.start.routes import announce  # not at the top: see above

    announce(_settings, prepared().plugins)


def pre_exec(server: Any) -> None:
    """Pass the management port's socket on to the master that takes over."""
    from nexus.server.start.management_socket import pass_on

    pass_on(server.cfg.env_orig)


def pre_request(worker: Any, request: Any) -> None:
    """Join the Cookie lines, which gunicorn would join wrongly."""
    join_cookies(request)


def child_exit(server: Any, worker: Any) -> None:
    """Delete the live gauges of a dead worker, and merge its other figures with those of all dead
    workers. If a guest did not stop, log the stacks and count the worker as stuck."""
    # Imported late: prometheus_client decides at import whether it counts for several processes.
    from prometheus_client import multiprocess

    from nexus.http.management import forget
    from nexus.metrics.workers import count_stuck

    forget(_shared / "ready", worker.pid)
    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
    _dead_workers.merge(worker.pid, server.WORKERS)
    log = _stuck_dir / f"{worker.pid}.txt"
    stacks = log.read_text(errors="replace") if log.exists() else ""
    log.unlink(missing_ok=True)
    if stacks:
        server.log.error("worker %s was replaced: a guest did not stop\n%s", worker.pid, stacks)
        count_stuck()


def worker_exit(server: Any, worker: Any) -> None:
    """Stop the worker's service in an orderly way."""
    worker.stop_service()
