"""Hook `nexus_scheduling_policies`."""

from __future__ import annotations

from collections.abc import Mapping

from nexus.hookspecs.markers import hookspec
from nexus.scheduling.policy import PolicyFactory


@hookspec
def nexus_scheduling_policies() -> Mapping[str, PolicyFactory] | None:
    """Add orders in which waiting requests are admitted.

    Called: when settings are read, and when a worker's service is made. The setting
    `scheduling_policy` then chooses one by its name, and only that one's factory is called.

    Returns: factories by name (lower case letters, digits, `-` and `_`); a name that another
    plugin gave already stops the start. None: no policy.

    Raises: the start ends there; also for what the chosen factory raises: a ConfigError where its
    options are wrong. A policy's methods are called under the admission queue's lock and must not
    raise, wait or log.
    """
