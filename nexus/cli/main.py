"""The command group; errors are printed as one line each, without a traceback."""

from __future__ import annotations

import difflib
import logging
import os
import sys
from importlib import import_module

import click

from nexus.errors import ConfigError, NexusError

_COMMANDS = {
    "serve": "nexus.cli.serve:serve",
    "dev": "nexus.cli.dev:dev",
    "run": "nexus.cli.run:run",
    "compile": "nexus.cli.compile:compile_module",
    "inspect": "nexus.cli.inspect:inspect",
    "capacity": "nexus.cli.capacity.command:capacity",
    "prepare": "nexus.cli.prepare:prepare",
    "vendor": "nexus.cli.vendor:vendor",
    "deploy": "nexus.cli.versions.deploy:deploy",
    "versions": "nexus.cli.versions.listing:versions",
    "weights": "nexus.cli.versions.weights:weights",
    "rollback": "nexus.cli.versions.listing:rollback",
    "token": "nexus.cli.versions.token:token",
    "config": "nexus.cli.config:show_config",
    "plugins": "nexus.cli.plugins.listing:list_plugins",
    "new-plugin": "nexus.cli.plugins.new_plugin:new_plugin",
    "new": "nexus.cli.new.command:new",
    "logs": "nexus.cli.remote.logs:logs",
    "top": "nexus.cli.remote.top:top",
    "doctor": "nexus.cli.doctor.command:doctor",
    "completion": "nexus.cli.completion:completion",
}


class Subcommands(click.Group):
    """A group that imports only the subcommand that is called, so that the start is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, _, attribute = _COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the subcommand; for an unknown name, suggest the nearest one (Click has done so
        since 8.4, but only for commands that it knows without a lookup)."""
        name = args[0]
        if name in _COMMANDS or name.startswith("-") or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        near = difflib.get_close_matches(name[:100], _COMMANDS, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise click.UsageError(f"No such command {name!r}.{hint}", ctx)


@click.command(cls=Subcommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="nexus-runtime")
def command() -> None:
    """Run HTTP handlers you do not trust: WebAssembly inside a Python service."""


def main() -> None:
    """Run the command. Exits with 1 on a handler's error, 2 on bad usage or settings."""
    if logging.lastResort is not None:  # handles records until a command configures logging
        logging.lastResort.setFormatter(logging.Formatter("warning: %(message)s"))
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
