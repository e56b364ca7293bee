"""The layers of settings, in order; those of sources may change while running."""

from __future__ import annotations

import json
from collections import ChainMap
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

from pydantic import ValidationError

from nexus.config.layers import Layer, home_directory
from nexus.config.problems import explain
from nexus.config.settings import Settings
from nexus.errors import ConfigError, is_interrupt
from nexus.plugin_api.config_source import ConfigSource, PartlyWrong
from nexus.plugin_api.problems import shown

NOTHING = Layer({}, {})

Checks: TypeAlias = Mapping[str, Callable[[Mapping[str, Any]], "str | None"]]
"""Maps a setting's name to a check that gets all settings and returns the allowed values or None"""


@dataclass(frozen=True)
class Place:
    """The folders that relative paths, and `~`, are relative to."""

    directory: Path
    home: Path | None

    @classmethod
    def of(cls, directory: Path, environ: Mapping[str, str]) -> Place:
        return cls(directory.absolute(), home_directory(environ))

    def absolute(self, path: Path) -> Path:
        """Return *path* relative to this place, as an absolute path."""
        if path.parts[:1] == ("~",) and self.home is not None:
            return self.home.joinpath(*path.parts[1:])
        return self.directory / path


@dataclass(frozen=True)
class Stack:
    """All layers of one process's settings."""

    above: tuple[Layer, ...]
    """command line and environment; the first wins"""
    sources: tuple[ConfigSource, ...]
    """the sources; the last wins"""
    said: tuple[Layer, ...]
    """each source's values when it was last readable"""
    below: tuple[Layer, ...]
    """file and defaults; the first wins"""
    place: Place
    checks: Checks = field(default_factory=dict)

    def layers(self) -> tuple[Layer, ...]:
        """Return all layers; the first wins."""
        return (*self.above, *reversed(self.said), *self.below)

    def join(self, problems: Sequence[str] = ()) -> tuple[Settings, dict[str, str]]:
        """Return the settings, and the origin of each that is not a default.

        Raises: ConfigError, with *problems* first.
        """
        return join(self.layers(), self.place, problems, self.checks)


def join(
    layers: Sequence[Layer],
    place: Place,
    problems: Sequence[str] = (),
    checks: Checks = MappingProxyType({}),
) -> tuple[Settings, dict[str, str]]:
    """Join *layers*, of which the first wins; see `Stack.join`."""
    origins: dict[str, str] = {}
    for layer in reversed(layers):
        below = origins.get("plugins")
        origins.update(layer.origins)
        if below is not None and "plugins" in layer.origins:  # the tables add up
            origins["plugins"] = f"{below}, {origins['plugins']}"
    arguments: dict[str, Any] = {"layers": tuple(layers)}
    lines, wrong = list(problems), set()
    try:
        settings = Settings(**arguments)
    except ValidationError as error:
        lines += explain(error, Settings, lambda name: origins.get(name, "default"))
        wrong = {str(finding["loc"][0]) for finding in error.errors(include_url=False)}
    values = ChainMap(*(dict(layer.values) for layer in layers), _defaults(checks))
    for name, check in checks.items():
        if name not in wrong and (allowed := check(values)):
            found = f"{name}: found {shown(values[name])}, {allowed}"
            lines.append(f"{origins.get(name, 'default')}: {found}")
    if lines or wrong:
        raise ConfigError(lines)
    paths: dict[str, Any] = {
        name: place.absolute(getattr(settings, name))
        for name in ("handlers_dir", "state_dir", "cache_dir")
    }
    for name in _OTHER_PATHS:
        if path := getattr(settings, name):
            paths[name] = str(place.absolute(Path(path)))
    return settings.model_copy(update=paths), origins


_OTHER_PATHS = (
    "javascript_runtime",
    "python_runtime",
    "python_library",
    "secrets_dir",
    "artifact_key_file",
)
"""settings that are the path of a file or folder, or empty"""


def _defaults(names: Iterable[str]) -> dict[str, Any]:
    return {name: Settings.model_fields[name].default for name in names}


def read_all(
    sources: Sequence[ConfigSource], before: Sequence[Layer]
) -> tuple[tuple[Layer, ...], list[str], list[str]]:
    """Return each source's values, their problems, and warnings about unreachable sources.

    For a source that is wrong or unreachable, keep its values from *before*.
    """
    said: list[Layer] = []
    problems: list[str] = []
    warnings: list[str] = []
    for source, last in zip(sources, before, strict=True):
        layer = last
        try:
            layer = _layer(source.name, source.read())
        except ValueError as error:
            if isinstance(error, PartlyWrong):
                layer = _layer(source.name, error.values)
            problems += [f"{source.name}: {line}" for line in str(error).splitlines()]
        except OSError as error:
            kept = "its last values stay" if last.values else "the other sources serve"
            warnings.append(f"{source.name} cannot be read, {kept}: {error.strerror or error}")
        except BaseException as error:  # a plugin's: it must not end those that are right
            if is_interrupt(error):
                raise
            problems.append(f"{source.name}: failed with {type(error).__name__}: {error}")
        said.append(layer)
    return tuple(said), problems, warnings


def _layer(name: str, said: Mapping[str, object]) -> Layer:
    values = {str(key): value for key, value in said.items()}
    text = values.get("plugins")
    if isinstance(text, str):  # a table, so that it adds to those below
        with suppress(ValueError, RecursionError):  # the setting's own check reports the problem
            values["plugins"] = json.loads(text)
    return Layer(values, dict.fromkeys(values, name))
