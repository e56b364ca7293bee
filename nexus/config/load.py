"""Joins the layers into settings, or into one error that lists everything wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from nexus.config.folder import FolderSource
from nexus.config.layers import (
    Layer,
    from_defaults,
    from_environ,
    from_file,
    from_options,
    unknown_variables,
)
from nexus.config.settings import LIVE_NAMES, Settings
from nexus.config.stack import NOTHING, Checks, Place, Stack, read_all
from nexus.errors import ConfigError
from nexus.plugin_api.config_source import ConfigSource

FILE_NAME = "nexus.toml"
FOLDER = "NEXUS_CONFIG_FOLDER"


@dataclass(frozen=True)
class Loaded:
    """Settings, and the origin of each."""

    settings: Settings
    sources: Mapping[str, str]
    """the origin of every setting: `default`, the file's name, a source's name, `environment
    variable NAME` or `option --name`"""
    warnings: list[str]
    stack: Stack
    """the layers that the settings were made from"""
    started: Settings
    """the settings by the layers alone, when the first process read them; comparing with them
    shows which changes need a restart"""


def load(
    options: Mapping[str, object],
    environ: Mapping[str, str],
    directory: Path,
    sources: Sequence[ConfigSource] = (),
    checks: Checks = MappingProxyType({}),
) -> Loaded:
    """Read the settings. Later ones win: defaults, the file, *sources*, the mounted folder,
    *environ*, *options*.

    *options* are settings by name, None where not given, and may name the file as `config`;
    otherwise NEXUS_CONFIG does; otherwise it is `nexus.toml` in *directory*, if that exists.
    `config_folder` or NEXUS_CONFIG_FOLDER names the folder. Relative paths are relative to
    *directory*, and `~` is the home directory. *checks*: see `nexus.service.choices`.

    Raises: ConfigError, one line for each problem in any layer.
    """
    given = dict(options)
    file, folder = given.pop("config", None), given.pop("config_folder", None)
    problems: list[str] = []
    place = Place.of(directory, environ)
    all_sources = (*sources, *_folder_source(folder, environ, place, problems))
    below = (_file_layer(file, environ, directory, problems), from_defaults(environ))
    said, wrong, warnings = read_all(all_sources, [NOTHING] * len(all_sources))
    above = (from_options(given), from_environ(environ))
    stack = Stack(above, all_sources, said, below, place, checks)
    settings, origins = stack.join(problems + wrong)
    return Loaded(
        settings,
        MappingProxyType({name: origins.get(name, "default") for name in Settings.model_fields}),
        [*unknown_variables(environ), *warnings],
        stack,
        settings,
    )


def inherit(parent: Loaded, sources: Sequence[ConfigSource]) -> Loaded:
    """Return the settings of a process forked by the one with *parent*.

    *sources* are the same ones, made anew: a connection must not be shared over a fork. Live
    settings are read from them; all others are the parent's, even if a file has changed. If a
    source is broken, all settings are the parent's.
    """
    folders = [FolderSource(s.path) for s in parent.stack.sources if isinstance(s, FolderSource)]
    ours = (*sources, *folders)
    before = zip(parent.stack.sources, parent.stack.said, strict=True)
    last = {source.name: layer for source, layer in before}
    said, wrong, _ = read_all(ours, [last.get(source.name, NOTHING) for source in ours])
    stack = replace(parent.stack, sources=ours, said=said)
    try:
        found, origins = stack.join(wrong)
    except ConfigError:  # `LiveSettings` logs the problems
        said = tuple(last.get(source.name, NOTHING) for source in ours)
        return replace(parent, stack=replace(stack, said=said))
    live = {name: getattr(found, name) for name in LIVE_NAMES}
    origin = {name: origins.get(name, "default") for name in LIVE_NAMES}
    return replace(
        parent,
        settings=parent.settings.model_copy(update=live),
        sources=MappingProxyType({**parent.sources, **origin}),
        stack=stack,
    )


def _file_layer(
    option: object, environ: Mapping[str, str], directory: Path, problems: list[str]
) -> Layer:
    """Return the file's layer; problems of the whole file go to *problems*."""
    if option is not None:
        name, origin = str(option), "option --config"
    elif "NEXUS_CONFIG" in environ:
        name, origin = environ["NEXUS_CONFIG"], "environment variable NEXUS_CONFIG"
    else:
        name, origin = FILE_NAME, ""
    if not name or "\0" in name:
        problems.append(f"{origin}: config: found {name!r}, allowed: the path of a TOML file")
        return NOTHING
    try:
        return from_file(directory / name, name)
    except FileNotFoundError:
        if origin:
            problems.append(f"{origin}: config: found {name!r}, but there is no such file")
    except ValueError as error:
        problems.append(f"{name}: {error}")
    return NOTHING


def _folder_source(
    option: object, environ: Mapping[str, str], place: Place, problems: list[str]
) -> list[FolderSource]:
    """Return the mounted folder's source, if there is a folder."""
    if option is not None:
        name, origin = str(option), "option --config-folder"
    elif FOLDER in environ:
        name, origin = environ[FOLDER], f"environment variable {FOLDER}"
    else:
        return []
    if not name or "\0" in name:
        problems.append(f"{origin}: config_folder: found {name!r}, allowed: the path of a folder")
        return []
    return [FolderSource(place.absolute(Path(name)))]
