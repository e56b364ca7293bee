"""`nexus serve`: gunicorn, with everything it needs in its environment."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from nexus import config
from nexus.cli.options import config_option, engine_options, installed_plugins, load_settings
from nexus.config import Settings
from nexus.config.admin_token import read_admin_token
from nexus.config.layers import PREFIX
from nexus.plugins import Plugins
from nexus.pod.derived import DERIVABLE
from nexus.server import start
from nexus.server.run_folder import shared_folder


@click.command()
@config_option
@click.option("--handlers", "handlers_dir", metavar="DIR", help="Folder of handlers.")
@click.option("--bind", metavar="HOST:PORT", help="Address to listen on.")
@click.option("--workers", metavar="N", help="Processes.")
@click.option("--threads", metavar="N", help="Threads in each process.")
@engine_options
def serve(**options: Any) -> None:
    """Serve a folder of handlers until interrupted."""
    shared_folder()  # before plugins are imported: see there
    plugins = installed_plugins()
    loaded = load_settings(plugins, **options)
    for warning in loaded.warnings:
        click.secho(f"warning: {warning}", fg="yellow", err=True)
    folder = loaded.settings.handlers_dir
    if not folder.is_dir():
        raise click.UsageError(f"no folder {folder}: name one with --handlers DIR")
    read_admin_token(os.environ)  # what is wrong with it is said once, not by every worker
    _check_engine_and_others(loaded.settings, plugins)
    os.environ.update(config.to_environ(loaded))
    for name in DERIVABLE:
        if loaded.sources[name] == "default":
            del os.environ[PREFIX + name.upper()]  # for gunicorn's configuration to derive
    _become_gunicorn()


def _become_gunicorn() -> None:
    """Be its master: a process of its own would import all this again, 0.4 s of a start."""
    # Here: other commands have no need of it.
    from gunicorn.arbiter import Arbiter
    from gunicorn.errors import HaltServer

    # On SIGUSR2 gunicorn starts itself anew with these.
    sys.argv = [start.__file__, "-c", "python:nexus.server.settings"]
    codes = {Arbiter.APP_LOAD_ERROR: 2, Arbiter.WORKER_BOOT_ERROR: 1}
    master = os.getpid()
    try:
        start.run()
    except HaltServer as halt:  # two workers that end so at once: it does not expect the second
        sys.exit(codes.get(halt.exit_status, halt.exit_status))
    except SystemExit as ended:
        if os.getpid() != master:  # a worker ends here too
            raise
        sys.exit(codes.get(ended.code, ended.code))


def _check_engine_and_others(settings: Settings, plugins: Plugins) -> None:
    """Say at once, and once, what every worker would fail with; workers inherit what was loaded.

    Raises: EngineUnavailable, ConfigError.
    """
    from nexus.compiler.runtimes import runtime_of
    from nexus.engines import create_engine
    from nexus.service.policy import policy_of

    runtime_of(settings.javascript_runtime, settings.javascript_runtime_sha256)
    create_engine(settings.engine, settings.compiler, settings.cache_dir, plugins.engines())
    policy_of(settings, plugins)
