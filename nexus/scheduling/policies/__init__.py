"""The built-in scheduling policies.

priority.py  the highest priority first; a waiting ticket's priority rises
shortest.py  the shortest expected CPU time first
deadline.py  the earliest deadline first; rejects requests that cannot meet theirs
"""

from __future__ import annotations

from collections.abc import Mapping

from nexus.plugin_api.scheduling import Fifo, PolicyFactory
from nexus.scheduling.policies.deadline import EarliestDeadline
from nexus.scheduling.policies.priority import Priority
from nexus.scheduling.policies.shortest import Shortest

BUILT_IN: Mapping[str, PolicyFactory] = {
    "fifo": Fifo,
    "priority": Priority,
    "shortest": Shortest,
    "deadline": EarliestDeadline,
}

__all__ = ["BUILT_IN", "EarliestDeadline", "Fifo", "Priority", "Shortest"]
