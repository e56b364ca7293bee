"""Records the effects of an execution, and ends the execution if they exceed a limit."""

from __future__ import annotations

from typing import Any

from nexus.errors import ResourceLimit
from nexus.guest.host.status import INVALID, STOPPED, Declined
from nexus.guest.json_text import parse_json
from nexus.plugin_api.guest import Run

_WHAT = "state mutations, events and view commands"


class Recorder:
    """Adds to the effects of one run, within the run's limits."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def set_state(self, key: str, value: bytes) -> None:
        """Record that *key* gets a JSON *value*. Raises: Declined."""
        effect = {"op": "set", "key": key, "value": self.parse(value)}
        self._count(len(key.encode()) + len(value))
        self._run.effects.state_mutations.append(effect)

    def delete_state(self, key: str) -> None:
        """Record that *key* is deleted. Raises: Declined."""
        self._count(len(key.encode()))
        self._run.effects.state_mutations.append({"op": "delete", "key": key})

    def emit(self, name: str, payload: bytes) -> None:
        """Record an event with a JSON *payload*. Raises: Declined."""
        effect = {"name": name, "payload": self.parse(payload)}
        self._count(len(name.encode()) + len(payload))
        self._run.effects.events.append(effect)

    def update_view(self, command: str, view: str, arguments: bytes) -> None:
        """Record a view command with JSON *arguments*. Raises: Declined."""
        effect = {"command": command, "id": view, "arguments": self.parse(arguments)}
        self._count(len(command) + len(view.encode()) + len(arguments))
        self._run.effects.view_commands.append(effect)

    def parse(self, value: bytes) -> Any:
        """Read a JSON value from the guest. Raises: Declined."""
        self.limit_value(len(value))
        try:
            return parse_json(value)
        except ValueError as error:
            raise Declined(INVALID, f"not JSON: {error}") from error

    def limit_value(self, size: int) -> None:
        """End the run if a value of *size* bytes exceeds its limit. Raises: Declined."""
        limit = self._run.limits.max_effect_bytes
        if size > limit:
            self._end(f"a value of {size} bytes, where at most {limit} are allowed")

    def _count(self, size: int) -> None:
        effects, limits = self._run.effects, self._run.limits
        if effects.count >= limits.max_effects:
            self._end(f"more than {limits.max_effects} {_WHAT}")
        if effects.size_bytes + size > limits.max_effect_bytes:
            self._end(f"more than {limits.max_effect_bytes} bytes of {_WHAT}")
        effects.count += 1
        effects.size_bytes += size

    def _end(self, reason: str) -> None:
        self._run.stop(ResourceLimit(reason))
        raise Declined(STOPPED, reason)
