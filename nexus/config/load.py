"""Join the layers into settings, or into one error that lists everything wrong."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from nexus.config.layers import (
    PREFIX,
    Layer,
    from_defaults,
    from_environ,
    from_file,
    from_options,
    home_directory,
    unknown_variables,
)
from nexus.config.plugin_tables import to_text
from nexus.config.problems import explain
from nexus.config.settings import Settings
from nexus.errors import ConfigError

FILE_NAME = "nexus.toml"


@dataclass(frozen=True)
class Loaded:
    """Settings, and where they came from."""

    settings: Settings
    sources: Mapping[str, str]
    """for every setting: `default`, the file's name, `environment variable NAME` or
    `option --name`"""
    warnings: list[str]


def load(options: Mapping[str, object], environ: Mapping[str, str], directory: Path) -> Loaded:
    """Read the settings: *options* win over *environ*, that over the file, that over defaults.

    *options* has settings by name, None where not given, and may name the file as `config`; else
    NEXUS_CONFIG does; else it is `nexus.toml` in *directory*, if there is one. Relative paths
    are relative to *directory*, and `~` is the home directory.

    Raises: ConfigError, one line for each thing wrong in any layer.
    """
    given = dict(options)
    problems: list[str] = []
    file = _file_layer(given.pop("config", None), environ, directory, problems)
    layers = (from_options(given), from_environ(environ), file, from_defaults(environ))
    origins: dict[str, str] = {}
    for layer in reversed(layers):
        below = origins.get("plugins")
        origins.update(layer.origins)
        if below is not None and "plugins" in layer.origins:  # they add to each other
            origins["plugins"] = f"{below}, {origins['plugins']}"

    arguments: dict[str, Any] = {"layers": layers}
    try:
        settings = Settings(**arguments)
    except ValidationError as error:
        problems += explain(error, Settings, lambda name: origins.get(name, "default"))
    if problems:
        raise ConfigError(problems)

    home = home_directory(environ)
    folders = {
        name: _absolute(getattr(settings, name), directory, home)
        for name in ("handlers_dir", "cache_dir")
    }
    return Loaded(
        settings=settings.model_copy(update=folders),
        sources=MappingProxyType(
            {name: origins.get(name, "default") for name in Settings.model_fields}
        ),
        warnings=unknown_variables(environ),
    )


def to_environ(settings: Settings | Loaded) -> dict[str, str]:
    """Return the environment from which `load` makes equal settings, whatever a file says.

    NEXUS_CONFIG names an empty file: a worker that restarts must not meet a `nexus.toml` that
    was edited since its siblings started.
    """
    if isinstance(settings, Loaded):
        settings = settings.settings
    environ = {"NEXUS_CONFIG": os.devnull}
    for name in Settings.model_fields:
        environ[PREFIX + name.upper()] = _as_text(getattr(settings, name))
    return environ


def _as_text(value: object) -> str:
    if isinstance(value, Mapping):
        return to_text(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _file_layer(
    option: object, environ: Mapping[str, str], directory: Path, problems: list[str]
) -> Layer:
    """Read the file; what is wrong with it as a whole goes to *problems*."""
    if option is not None:
        name, origin = str(option), "option --config"
    elif "NEXUS_CONFIG" in environ:
        name, origin = environ["NEXUS_CONFIG"], "environment variable NEXUS_CONFIG"
    else:
        name, origin = FILE_NAME, ""
    if not name or "\0" in name:
        problems.append(f"{origin}: config: found {name!r}, allowed: the path of a TOML file")
        return Layer({}, {})
    try:
        return from_file(directory / name, name)
    except FileNotFoundError:
        if origin:
            problems.append(f"{origin}: config: found {name!r}, but there is no such file")
    except ValueError as error:
        problems.append(f"{name}: {error}")
    return Layer({}, {})


def _absolute(path: Path, directory: Path, home: Path | None) -> Path:
    if path.parts[:1] == ("~",) and home is not None:
        return home.joinpath(*path.parts[1:])
    return directory.absolute() / path
