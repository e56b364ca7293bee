"""The module that the entry point names: the hooks of this plugin."""

from __future__ import annotations

from collections.abc import Mapping

from nexus.plugin_api.hooks import hookimpl
from nexus.plugin_api.scheduling import PolicyFactory
from nexus_scheduling_fair.policy import FairShare


@hookimpl
def nexus_scheduling_policies() -> Mapping[str, PolicyFactory]:
    """Add the policy `fair`."""
    return {"fair": FairShare}
