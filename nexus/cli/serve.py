"""`nexus serve`: starts gunicorn, with settings and plugins loaded in this process."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, NoReturn

import click

from nexus.cli.options import config_option, engine_options, load_settings
from nexus.compiler.shared import read_key
from nexus.config import Settings
from nexus.config.admin_token import read_admin_token
from nexus.plugins import Plugins, load_plugins
from nexus.server.start.run_folder import run_folder


@click.command()
@config_option
@click.option("--handlers", "handlers_dir", metavar="DIR", help="Folder of handlers.")
@click.option("--server", metavar="NAME", help="gunicorn or granian.")
@click.option("--bind", metavar="HOST:PORT", help="Address to listen on.")
@click.option("--workers", metavar="N", help="Processes.")
@click.option("--threads", metavar="N", help="Threads in each process.")
@engine_options
def serve(**options: Any) -> None:
    """Serve a folder of handlers until interrupted."""
    start_server(options)


def start_server(options: Mapping[str, Any]) -> NoReturn:
    """Load plugins and settings, check them, and become the server until interrupted.

    *options*: settings from the command line; None: not given. Raises: ConfigError,
    EngineUnavailable; UsageError without a handlers folder.
    """
    run_folder()  # before prometheus_client is imported; see `run_folder.py`
    from prometheus_client import REGISTRY

    from nexus.server.start.master import become_gunicorn
    from nexus.server.start.prepared import Prepared, hand_over

    plugins = load_plugins(os.environ, REGISTRY)
    loaded = load_settings(plugins, **options)
    for warning in loaded.warnings:
        click.secho(f"warning: {warning}", fg="yellow", err=True)
    folder = loaded.settings.handlers_dir
    if not folder.is_dir():
        raise click.UsageError(
            f"no folder {folder}: name one with --handlers DIR, or let `nexus new hello` make one "
            "with a first handler"
        )
    read_admin_token(os.environ)  # report its problems once, not in every worker
    read_key(loaded.settings.artifact_key_file)
    _check_engine_and_others(loaded.settings, plugins)
    hand_over(Prepared(plugins, loaded))
    become_gunicorn()


def _check_engine_and_others(settings: Settings, plugins: Plugins) -> None:
    """Check once, in the master, for errors that every worker would meet.

    Raises: EngineUnavailable, ConfigError.
    """
    from nexus.engines import create_engine
    from nexus.service.policy import policy_of

    plugins.guests(settings)
    create_engine(
        settings.engine, settings.compiler, settings.cache_dir, plugins.engine_factories()
    )
    policy_of(settings, plugins)
