"""Hook `nexus_started`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nexus.hookspecs.markers import hookspec

if TYPE_CHECKING:
    from nexus.service import Service


@hookspec
def nexus_started(service: Service) -> None:
    """Begin what runs beside the requests: a connection, a thread.

    Called: once per worker, after its service has started; on a thread of its own beside those of
    other plugins, which the service waits for at most `plugin_timeout_ms`. Handlers may still be
    loading. `nexus run` calls it too; commands that run no guest do not.

    Returns: None, always.

    Raises: whatever it raises is logged with the plugin's name and counted as
    `nexus_plugin_errors_total{plugin}`; the service goes on without it, as it does where the hook
    takes longer than it may.
    """
