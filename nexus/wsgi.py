"""What gunicorn loads: `nexus.wsgi:app()`."""

from __future__ import annotations

import os
from pathlib import Path

from flask import Flask
from prometheus_client import REGISTRY

from nexus import config, logs
from nexus.http import create_app
from nexus.service import Service


def make_service() -> Service:
    """Make and start this worker's service from the environment.

    Raises: ConfigError, EngineUnavailable, InvalidHandler.
    """
    settings = config.load({}, os.environ, Path.cwd()).settings
    logs.configure(settings.log_level, settings.log_format)
    service = Service(settings, REGISTRY, supervised="NEXUS_SUPERVISED" in os.environ)
    service.start()
    return service


def app() -> Flask:
    """The WSGI application of this worker."""
    service = make_service()
    made = create_app(service, REGISTRY)
    made.extensions["nexus"] = service
    return made
