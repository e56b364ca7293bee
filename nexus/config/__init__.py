"""Typed settings: defaults, then `nexus.toml`, then sources that plugins add, then the mounted
folder, then the environment, then the command line.

`settings` declares them, `values` says how one value is read, `layers` and `folder` where values
come from, `stack` joins the layers, `load` begins with them, `handover` passes them on to other
processes, `live` follows their changes, `problems` words what is wrong. `toml_file` and `problems`
also serve the handlers' manifests.
"""

from __future__ import annotations

from nexus.config.describe import Description, describe, public_values
from nexus.config.live import LiveSettings
from nexus.config.load import Loaded, load, to_environ
from nexus.config.settings import LIVE_NAMES, Settings, limits

__all__ = [
    "LIVE_NAMES",
    "Description",
    "LiveSettings",
    "Loaded",
    "Settings",
    "describe",
    "limits",
    "load",
    "public_values",
    "to_environ",
]
