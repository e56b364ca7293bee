"""Makes the ticket of a waiting request: key, priority and weight."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from nexus.model import HttpRequest, Task
from nexus.plugin_api.scheduling import LEAST_PRIORITY, MOST_PRIORITY, PolicyOptions, Ticket

_PRIORITIES = {str(number): number for number in range(LEAST_PRIORITY, MOST_PRIORITY + 1)}


class TicketMaker:
    """Makes tickets according to the options."""

    def __init__(self, options: PolicyOptions, kind: type[Ticket] = Ticket) -> None:
        self.options, self._kind = options, kind
        self._key = _meta_variable(options.key_header)
        self._priority = _meta_variable(options.priority_header)

    def reweighed(self, weights: Mapping[str, float]) -> TicketMaker:
        """Return a copy with other weights."""
        return TicketMaker(replace(self.options, weights=weights), self._kind)

    def make(self, handler: str, deadline: float, priority: int, task: Task[Any] | None) -> Ticket:
        """Make a ticket. Without the key's header its key is `""`; without a readable priority it
        has the handler's."""
        meta = task.meta if isinstance(task, HttpRequest) else {}
        key = meta.get(self._key, "") if self._key else handler
        if self._priority:
            priority = _PRIORITIES.get(meta.get(self._priority, ""), priority)
        return self._kind(
            handler,
            deadline,
            key=key,
            arrived=self.options.clock(),
            priority=priority,
            weight=self.options.weights.get(key, 1.0),
        )


def _meta_variable(header: str) -> str:
    """Return the CGI name of a request header (RFC 3875 section 4.1.18)."""
    return "HTTP_" + header.upper().replace("-", "_") if header else ""
