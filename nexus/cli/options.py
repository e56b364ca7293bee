"""Options that several subcommands share, and what they lead to."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from nexus import config, logs
from nexus.config import Loaded, Settings

F = TypeVar("F", bound=Callable[..., Any])

MODULE = click.Path(exists=True, dir_okay=False, path_type=Path)


def load_settings(**options: Any) -> Loaded:
    """Settings from file, environment and these *options*. Raises: ConfigError."""
    return config.load(options, os.environ, Path.cwd())


def settings_for_a_tool(**options: Any) -> Settings:
    """Settings of a subcommand that does one thing and ends; logs go to stderr.

    Raises: ConfigError.
    """
    settings = load_settings(**options).settings
    logs.configure(settings.log_level, settings.log_format, sys.stderr)
    return settings


def config_option(function: F) -> F:
    """`--config FILE`, `--config-folder DIR`."""
    function = click.option(
        "--config-folder", metavar="DIR", help="Folder with a file for each setting."
    )(function)
    return click.option(
        "--config", metavar="FILE", help="Settings file; default nexus.toml, if there."
    )(function)


def engine_options(function: F) -> F:
    """`--engine NAME`, `--compiler NAME`."""
    function = click.option("--compiler", metavar="NAME", help="auto, llvm or cranelift.")(function)
    return click.option("--engine", metavar="NAME", help="auto, wasmer or wasmtime.")(function)


def json_option(function: F) -> F:
    """`--json`."""
    return click.option("--json", "as_json", is_flag=True, help="For machines.")(function)
