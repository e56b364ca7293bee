"""Typed settings: defaults, then `nexus.toml`, then sources that plugins add, then the mounted
folder, then the environment, then the command line.

settings.py       declares every setting, with its range and its meaning
layers.py         one layer each for command line, environment, file and defaults
folder.py         the mounted folder: one file a setting
plugin_tables.py  the setting `plugins`: a table for each plugin
proxy.py          the settings about a proxy for outbound requests
store_url.py      the setting that says where deployed versions are kept
toml_file.py      reads one small TOML file; handlers' manifests too
stack.py          joins the layers in order
load.py           makes the settings, or one error that lists everything wrong
handover.py       settings as environment variables, for another process
live.py           follows changes while a worker runs
problems.py       messages for wrong values; for handlers' manifests too
describe.py       the settings as a table and as values to show
admin_token.py    the runtime API's token
"""

from __future__ import annotations

from nexus.config.describe import Description, describe, public_values
from nexus.config.handover import to_environ
from nexus.config.live import LiveSettings
from nexus.config.load import Loaded, inherit, load
from nexus.config.settings import LIVE_NAMES, Settings, limits

__all__ = [
    "LIVE_NAMES",
    "Description",
    "LiveSettings",
    "Loaded",
    "Settings",
    "describe",
    "inherit",
    "limits",
    "load",
    "public_values",
    "to_environ",
]
