"""The policies that come with Nexus, one file each. Others come in packages of their own."""

from __future__ import annotations

from collections.abc import Mapping

from nexus.plugin_api.scheduling import PolicyFactory
from nexus.scheduling.policies.deadline import EarliestDeadline
from nexus.scheduling.policies.fifo import Fifo
from nexus.scheduling.policies.priority import Priority
from nexus.scheduling.policies.shortest import Shortest

BUILT_IN: Mapping[str, PolicyFactory] = {
    "fifo": Fifo,
    "priority": Priority,
    "shortest": Shortest,
    "deadline": EarliestDeadline,
}

__all__ = ["BUILT_IN", "EarliestDeadline", "Fifo", "Priority", "Shortest"]
