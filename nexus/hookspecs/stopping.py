"""Hook `nexus_stopping`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nexus.hookspecs.markers import hookspec

if TYPE_CHECKING:
    from nexus.service import Service


@hookspec
def nexus_stopping(service: Service) -> None:
    """End what `nexus_started` began.

    Called: once per worker, when its service stops, after the last request and before the pool is
    closed; on a thread of its own beside those of other plugins, which the service waits for at
    most `plugin_timeout_ms`. Also for a plugin whose `nexus_started` failed, but not while that has
    not returned, nor where the process is killed.

    Returns: None, always.

    Raises: whatever it raises is logged with the plugin's name; the service stops all the same,
    as it does where the hook takes longer than it may.
    """
