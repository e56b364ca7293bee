"""The command group, and how errors are shown: one line each, never a traceback."""

from __future__ import annotations

import os
import sys

import click

from nexus.cli.capacity import capacity
from nexus.cli.compile import compile_module
from nexus.cli.config import show_config
from nexus.cli.inspect import inspect
from nexus.cli.new_plugin import new_plugin
from nexus.cli.plugins import list_plugins
from nexus.cli.prepare import prepare
from nexus.cli.run import run
from nexus.cli.serve import serve
from nexus.errors import ConfigError, NexusError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="nexus-runtime")
def command() -> None:
    """Run HTTP handlers you do not trust: WebAssembly inside a Python service."""


for _subcommand in (
    *(serve, run, compile_module, inspect, capacity, prepare),
    *(show_config, list_plugins, new_plugin),
):
    command.add_command(_subcommand)


def main() -> None:
    """Run the command. Exits with 1 on a handler's error, 2 on bad usage or settings."""
    try:
        command()
    except ConfigError as error:
        for line in error.problems:
            click.secho(f"error: {line}", fg="red", err=True)
        sys.exit(2)
    except NexusError as error:
        click.secho(f"error: {error.code}: {error}", fg="red", err=True)
        sys.exit(1)
    except Exception as error:
        if os.environ.get("NEXUS_DEBUG"):
            raise
        if isinstance(error, OSError):  # a full disk, say
            click.secho(f"error: {error}", fg="red", err=True)
            sys.exit(1)
        click.secho(f"error: {type(error).__name__}: {error}", fg="red", err=True)
        click.echo("This is a fault of Nexus. NEXUS_DEBUG=1 shows where it happened.", err=True)
        sys.exit(1)
