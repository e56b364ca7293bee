"""Options that several subcommands share, and the settings and services made from them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from nexus import logs
from nexus.config import Loaded, Settings

if TYPE_CHECKING:
    from nexus.plugins import Plugins
    from nexus.service import Service

F = TypeVar("F", bound=Callable[..., Any])

MODULE = click.Path(exists=True, path_type=Path)
"""A handler's file or folder"""


def load_settings(plugins: Plugins | None = None, **options: Any) -> Loaded:
    """Return settings from file, environment, *options* and *plugins*, by default those installed.

    Raises: ConfigError.
    """
    if plugins is None:
        plugins = installed_plugins()
    from nexus.service.choices import load_with  # imports engines: not for `--help`

    return load_with(plugins, options)


def installed_plugins() -> Plugins:
    """Return the plugins of this process. Raises: ConfigError."""
    from nexus.plugins import load_plugins  # late: plugins would slow `--help` down

    return load_plugins(os.environ)


def settings_for_a_tool(plugins: Plugins | None = None, **options: Any) -> Settings:
    """Return settings for a subcommand that does one thing and ends; logs go to stderr.

    Raises: ConfigError.
    """
    settings = load_settings(plugins, **options).settings
    logs.configure(settings.log_level, settings.log_format, sys.stderr)
    return settings


def service_for_a_tool(**options: Any) -> Service:
    """Return a service, with the installed plugins, for a subcommand that does one thing and ends.

    Raises: ConfigError, EngineUnavailable.
    """
    # Late: engines take a moment to import, and `--help` and bad usage need none.
    from nexus.service import Service

    plugins = installed_plugins()
    return Service(settings_for_a_tool(plugins, **options), None, plugins=plugins)


def config_option(function: F) -> F:
    """Add `--config FILE` and `--config-folder DIR`."""
    function = click.option(
        "--config-folder", metavar="DIR", help="Folder with a file for each setting."
    )(function)
    return click.option(
        "--config", metavar="FILE", help="Settings file; default: nexus.toml, if it exists."
    )(function)


def engine_options(function: F) -> F:
    """Add `--engine NAME` and `--compiler NAME`."""
    function = click.option("--compiler", metavar="NAME", help="auto, llvm or cranelift.")(function)
    return click.option("--engine", metavar="NAME", help="auto, wasmer or wasmtime.")(function)


def json_option(function: F) -> F:
    """Add `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(function)
