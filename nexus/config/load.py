"""Join the layers into settings, or into one error that lists everything wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from nexus.config import handover
from nexus.config.folder import FolderSource
from nexus.config.handover import FOLDER, HandedDown
from nexus.config.layers import (
    Layer,
    from_defaults,
    from_environ,
    from_file,
    from_options,
    unknown_variables,
)
from nexus.config.settings import LIVE_NAMES, Settings
from nexus.config.stack import NOTHING, Checks, Place, Stack, join, read_all
from nexus.errors import ConfigError
from nexus.plugin_api.config_source import ConfigSource

FILE_NAME = "nexus.toml"


@dataclass(frozen=True)
class Loaded:
    """Settings, and where they came from."""

    settings: Settings
    sources: Mapping[str, str]
    """for every setting: `default`, the file's name, a source's name, `environment variable NAME`
    or `option --name`"""
    warnings: list[str]
    stack: Stack
    """what the settings were made from"""
    started: Settings
    """by the layers alone, when the first process read them: what cannot change while running is
    compared with it"""


def load(
    options: Mapping[str, object],
    environ: Mapping[str, str],
    directory: Path,
    sources: Sequence[ConfigSource] = (),
    checks: Checks = MappingProxyType({}),
) -> Loaded:
    """Read the settings. The later ones win: defaults, the file, *sources*, the mounted folder,
    *environ*, *options*.

    *options* has settings by name, None where not given, and may name the file as `config`; else
    NEXUS_CONFIG does; else it is `nexus.toml` in *directory*, if there is one. The folder is named
    by `config_folder`, else by NEXUS_CONFIG_FOLDER. Relative paths are relative to *directory*,
    and `~` is the home directory. *checks* know what types do not (`nexus.service.choices`).

    In a process that another one started (`to_environ`), what may change while running is read
    anew, all else is as it was there; and where a source is broken by now, everything is.

    Raises: ConfigError, one line for each thing wrong in any layer.
    """
    given = dict(options)
    file, folder = given.pop("config", None), given.pop("config_folder", None)
    problems: list[str] = []
    place = Place.of(directory, environ)
    all_sources = (*sources, *_folder_source(folder, environ, place, problems))
    handed = handover.handed_down(environ)
    if handed is None:
        below = (_file_layer(file, environ, directory, problems), from_defaults(environ))
        said, wrong, warnings = read_all(all_sources, [NOTHING] * len(all_sources))
        above = (from_options(given), from_environ(environ))
        stack = Stack(above, all_sources, said, below, place, checks)
        settings, origins = stack.join(problems + wrong)
        started = settings
    else:
        warnings = []
        stack, started = _inherited(handed, all_sources, from_options(given), place, checks)
        read_again, origins = stack.join()
        pins = (from_options(given), from_environ(environ), *stack.below)
        live = {name: getattr(read_again, name) for name in LIVE_NAMES}
        settings = join(pins, place)[0].model_copy(update=live)
    return Loaded(
        settings,
        MappingProxyType({name: origins.get(name, "default") for name in Settings.model_fields}),
        [*unknown_variables(environ), *warnings],
        stack,
        started,
    )


def to_environ(settings: Settings | Loaded) -> dict[str, str]:
    """Return the environment from which `load` makes equal settings, whatever a file says; of
    `Loaded`, with what may change while running."""
    if isinstance(settings, Settings):
        return handover.pinned(settings)
    return {**handover.pinned(settings.settings), **handover.layers(settings.stack)}


def _inherited(
    handed: HandedDown,
    sources: tuple[ConfigSource, ...],
    options: Layer,
    place: Place,
    checks: Checks,
) -> tuple[Stack, Settings]:
    """The layers in a process that another one started, and the settings as they were there."""
    above, at_start = (options, *handed.above), handed.at_start(sources)
    before = Stack(above, sources, at_start, handed.below, place, checks)
    started = before.join()[0]
    said, wrong, _ = read_all(sources, at_start)
    now = Stack(above, sources, said, handed.below, place, checks)
    try:
        now.join(wrong)
    except ConfigError:  # its siblings run on; `LiveSettings` says what is wrong
        return before, started
    return now, started


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
    """The mounted folder, where there is one."""
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
