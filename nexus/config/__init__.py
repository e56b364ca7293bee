"""Typed settings: defaults, then `nexus.toml`, then the environment, then the command line.

`settings` declares them, `values` says how one value is read, `layers` where values come from,
`load` joins the layers, `problems` words what is wrong. `toml_file` and `problems` also serve
the handlers' manifests.
"""

from __future__ import annotations

from nexus.config.describe import Description, describe, public_values
from nexus.config.load import Loaded, load, to_environ
from nexus.config.settings import Settings, limits

__all__ = [
    "Description",
    "Loaded",
    "Settings",
    "describe",
    "limits",
    "load",
    "public_values",
    "to_environ",
]
