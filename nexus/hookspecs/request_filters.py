"""Hook `nexus_request_filters`."""

from __future__ import annotations

from collections.abc import Sequence

from nexus.config import Settings
from nexus.hookspecs.markers import hookspec
from nexus.protocols import RequestFilter


@hookspec
def nexus_request_filters(settings: Settings) -> Sequence[RequestFilter] | None:
    """Add objects that see every request for a handler before it is admitted, and its response.

    Called: once per worker, when its service is made.

    Returns: filters, called in the order of the plugins' names, their `end` in reverse. They run
    on the request's thread and its time is theirs: with none, a request costs nothing more.
    None: no filter.

    Raises: ConfigError where the plugin's own options are wrong; the start ends there. Later, a
    NexusError from a filter's `begin` is the answer to the request; anything else is answered
    with 500 and logged, since a request that was not checked must not reach its handler.
    """
