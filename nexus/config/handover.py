"""Turns settings into environment variables, for a process that cannot inherit them otherwise."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

from nexus.config.layers import PREFIX
from nexus.config.plugin_tables import to_text
from nexus.config.settings import Settings


def to_environ(settings: Settings) -> dict[str, str]:
    """Return the variables from which `load` makes equal settings, whatever a file contains.

    NEXUS_CONFIG names an empty file, so that the other process ignores a `nexus.toml` edited
    meanwhile.
    """
    environ = {"NEXUS_CONFIG": os.devnull}
    for name in Settings.model_fields:
        environ[PREFIX + name.upper()] = _as_text(getattr(settings, name))
    return environ


def _as_text(value: object) -> str:
    if isinstance(value, Mapping):
        return to_text(value)
    if isinstance(value, tuple):
        return json.dumps(value)
    return str(value).lower() if isinstance(value, bool) else str(value)
