"""Hook `nexus_config_sources`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from nexus.config.source import ConfigSource
from nexus.hookspecs.markers import hookspec


@hookspec
def nexus_config_sources(
    directory: Path, environ: Mapping[str, str]
) -> Sequence[ConfigSource] | None:
    """Add places that settings come from.

    Called: first of all hooks, each time the settings are read: by every worker, by gunicorn's
    master and by `nexus config`. There are no settings yet: what the source itself needs, it takes
    from *environ*; relative paths are relative to *directory*.

    Returns: sources, the later ones winning. They win over the settings file, and yield to the
    mounted folder, the environment and the command line. None: no source.

    Raises: ConfigError where *environ* asks for a source that cannot be made; the start ends
    there. A source that cannot be read says so later, in its `read`.
    """
