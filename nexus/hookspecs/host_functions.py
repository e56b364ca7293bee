"""Hook `nexus_host_functions`."""

from __future__ import annotations

from collections.abc import Mapping

from nexus.config import Settings
from nexus.hookspecs.markers import hookspec
from nexus.protocols import Extension


@hookspec
def nexus_host_functions(settings: Settings) -> Mapping[str, Extension] | None:
    """Add extensions: objects that answer a guest's `$ext.NAME.method(...)` at once.

    Called: once per worker, when its service is made.

    Returns: extensions by NAME (lower case letters, digits, `-` and `_`); a name that another
    plugin gave already stops the start. A guest reaches one only where its manifest grants
    `ext:NAME`. None: no extension.

    Raises: ConfigError where the plugin's own options are wrong; the start ends there. What
    `Extension.call` raises later is the guest's exception: ExtensionError with its message,
    anything else as an internal error, whose details go to the log only.
    """
