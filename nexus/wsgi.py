"""The entry point for WSGI servers, `nexus.wsgi:app()`. Our gunicorn worker calls `worker_app`."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from flask import Flask
from prometheus_client import REGISTRY

from nexus import config, logs
from nexus.config import Loaded
from nexus.config.admin_token import read_admin_token
from nexus.http import create_app, create_management_app
from nexus.http.management import ManagementServer, listen
from nexus.metrics.reserved import reserve_blocks
from nexus.plugins import Plugins, load_plugins
from nexus.service import Service
from nexus.service.choices import load_with

STUCK_LOG = "NEXUS_STUCK_LOG_DIR"
"""Folder where a worker that cannot stop a guest writes its threads' stacks, as
`PID.txt`; set only if a supervisor restarts workers"""
RUN_DIR = "NEXUS_RUN_DIR"
"""folder where the workers of one master find each other"""
READY_DIR = "NEXUS_READY_DIR"
"""folder where the workers of one master say that they are ready"""


def worker_app(plugins: Plugins, loaded: Loaded) -> Flask:
    """Make the WSGI application of one worker process, whose service is not started yet.

    Raises: ConfigError, EngineUnavailable.
    """
    reserve_blocks()
    settings = loaded.settings
    logs.configure(settings.log_level, settings.log_format)
    run_dir = os.environ.get(RUN_DIR)
    service = Service(
        settings,
        REGISTRY,
        plugins=plugins,
        live=config.LiveSettings(loaded),
        stuck_log=_open_stuck_log(),
        run_dir=None if run_dir is None else Path(run_dir),
    )
    app = create_app(service, REGISTRY, read_admin_token(os.environ))
    app.extensions["nexus"] = service
    return app


def serve_management(app: Flask, listener: socket.socket) -> None:
    """Answer on *listener*, the socket of the management port, for the worker that serves *app*."""
    service: Service = app.extensions["nexus"]
    ready_dir = os.environ.get(READY_DIR)
    management = create_management_app(
        service,
        REGISTRY,
        read_admin_token(os.environ),
        None if ready_dir is None else Path(ready_dir),
    )
    settings = service.settings
    most_bytes = max(settings.max_request_bytes, settings.max_version_mb << 20)
    ManagementServer(management, listener, most_bytes).start()


def app() -> Flask:
    """Make the WSGI application for any server that runs one process with threads, and start it.

    Raises: ConfigError, EngineUnavailable.
    """
    plugins = load_plugins(os.environ, REGISTRY)
    made = worker_app(plugins, load_with(plugins))
    service: Service = made.extensions["nexus"]
    if service.settings.management_bind:
        serve_management(made, listen(service.settings.management_bind))
    service.start()
    return made


def _open_stuck_log() -> int | None:
    folder = os.environ.get(STUCK_LOG)
    if folder is None:
        return None
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
    return os.open(Path(folder, f"{os.getpid()}.txt"), flags, 0o600)
