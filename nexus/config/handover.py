"""What one process tells the next of its settings, by the environment: `nexus serve` to gunicorn's
master, the master to its workers.

Each setting goes as its variable: workers that are started later have the same, whatever a file
says by then. Where there are sources that change while running, a variable alone would hide them:
so `NEXUS_CONFIG_HANDED_DOWN` says which layers the settings were made from.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nexus.config.folder import FolderSource
from nexus.config.layers import PREFIX, Layer
from nexus.config.plugin_tables import to_text
from nexus.config.settings import Settings
from nexus.config.stack import NOTHING, Stack
from nexus.plugin_api.config_source import ConfigSource

HANDED_DOWN = "NEXUS_CONFIG_HANDED_DOWN"
FOLDER = "NEXUS_CONFIG_FOLDER"


@dataclass(frozen=True)
class HandedDown:
    """The layers of the process that started this one."""

    above: tuple[Layer, ...]
    said: Mapping[str, Layer]
    """by the sources' names"""
    below: tuple[Layer, ...]

    def at_start(self, sources: Sequence[ConfigSource]) -> tuple[Layer, ...]:
        """What each of *sources* said there."""
        return tuple(self.said.get(source.name, NOTHING) for source in sources)


def pinned(settings: Settings) -> dict[str, str]:
    """The variables from which `load` makes equal settings, whatever a file says.

    NEXUS_CONFIG names an empty file: a worker that restarts must not meet a `nexus.toml` that
    was edited since its siblings started.
    """
    environ = {"NEXUS_CONFIG": os.devnull}
    for name in Settings.model_fields:
        environ[PREFIX + name.upper()] = _as_text(getattr(settings, name))
    return environ


def layers(stack: Stack) -> dict[str, str]:
    """The variables that tell of *stack*; none where nothing changes while running."""
    if not stack.sources:
        return {}
    said = zip(stack.sources, stack.said, strict=True)
    table = {
        "above": [_plain(layer) for layer in stack.above],
        "said": {source.name: _plain(layer) for source, layer in said},
        "below": [_plain(layer) for layer in stack.below],
    }
    environ = {HANDED_DOWN: json.dumps(table, default=str)}
    for source in stack.sources:
        if isinstance(source, FolderSource):
            environ[FOLDER] = str(source.path)
    return environ


def handed_down(environ: Mapping[str, str]) -> HandedDown | None:
    """What `layers` left in *environ*, if anything."""
    if HANDED_DOWN not in environ:
        return None
    table = json.loads(environ[HANDED_DOWN])
    return HandedDown(
        tuple(Layer(**layer) for layer in table["above"]),
        {name: Layer(**layer) for name, layer in table["said"].items()},
        tuple(Layer(**layer) for layer in table["below"]),
    )


def _plain(layer: Layer) -> dict[str, Any]:
    return {"values": dict(layer.values), "origins": dict(layer.origins)}


def _as_text(value: object) -> str:
    if isinstance(value, Mapping):
        return to_text(value)
    return str(value).lower() if isinstance(value, bool) else str(value)
