"""Builds a worker like `nexus serve`, and finds out what would stop the start."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from nexus.cli.options import load_settings
from nexus.config.admin_token import read_admin_token
from nexus.errors import ConfigError, NexusError
from nexus.plugins import DISABLED_VARIABLE, Found, Plugins


def tried(found: Sequence[Found], options: dict[str, Any]) -> tuple[list[Found], NexusError | None]:
    """Build what the hooks of *found* return, and close it. Return *found* with the problems that
    this showed, and the error that stops the start for a reason other than a plugin.

    *options*: settings by name, as for `load_settings`.
    """
    failures: list[NexusError] = []
    plugins = Plugins([entry for entry in found if entry.problem is None], failures.append)
    other: NexusError | None = None
    try:
        _build(plugins, options)
    except NexusError as error:
        if error.plugin:
            failures.append(error)
        else:
            other = error
    return [_with_problems(entry, failures) for entry in found], other


def _build(plugins: Plugins, options: dict[str, Any]) -> None:
    from prometheus_client import CollectorRegistry

    from nexus.http import create_app
    from nexus.service import Service

    settings = load_settings(plugins, **options).settings
    service: Service | None = None
    try:
        service = Service(settings, None, plugins=plugins)
        create_app(service, CollectorRegistry(), read_admin_token(os.environ))
    finally:
        if service is not None:
            service.stop(0.0)
        else:
            plugins.close(settings.plugin_timeout_ms / 1000, lambda plugin: None)


def _with_problems(entry: Found, failures: Sequence[NexusError]) -> Found:
    candidate = entry.candidate
    lines = {
        line.removeprefix(f"{candidate}: ").removesuffix(
            f" ({DISABLED_VARIABLE}={candidate.name} turns it off)"
        ): None
        for error in failures
        if error.plugin == candidate.name
        for line in (error.problems if isinstance(error, ConfigError) else [str(error)])
    }
    return replace(entry, problem="; ".join(lines)) if lines else entry
