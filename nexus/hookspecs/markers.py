"""The two decorators: `hookspec` for our declarations, `hookimpl` for plugins."""

from __future__ import annotations

import pluggy

PROJECT = "nexus"
"""pluggy's project name, and the group of the entry points"""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
