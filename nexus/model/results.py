"""What an execution with a JSON context comes to, and what it asked of others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final


class Effects:
    """What one execution asks of others: pure data, for whoever started it to carry out."""

    __slots__ = ("count", "events", "size_bytes", "state_mutations", "view_commands")

    def __init__(self) -> None:
        self.state_mutations: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.view_commands: list[dict[str, Any]] = []
        self.count = 0
        """of all there ever were, taken ones too"""
        self.size_bytes = 0
        """of all there ever were, as JSON"""

    def take(self) -> Effects:
        """Return what is new since the last time."""
        new = Effects()
        new.state_mutations, self.state_mutations = self.state_mutations, []
        new.events, self.events = self.events, []
        new.view_commands, self.view_commands = self.view_commands, []
        return new


@dataclass(frozen=True)
class ExtensionAnswer:
    """What an extension answers to a guest's call."""

    ok: bool
    value: bytes
    """JSON; where it is not *ok*, a JSON string with the error's message"""


DEFERRED: Final = ExtensionAnswer(False, b'"deferred"')
"""stands in for an answer that is yet to come: the guest is to ask for others first, and then come
back to the host (`Asked`). Only guests get it that can"""


@dataclass(frozen=True)
class ExecutionResult:
    """How an execution with a JSON context ended, or where it stands."""

    status: str
    """`success`, `error` or `suspended`"""
    return_value: Any = None
    """a JSON value, of a success"""
    state_mutations: Sequence[Mapping[str, Any]] = ()
    events: Sequence[Mapping[str, Any]] = ()
    view_commands: Sequence[Mapping[str, Any]] = ()
    suspension: Mapping[str, Any] | None = None
    """`id`, `extension`, `method`, `arguments`, `expires_at`, of one that is suspended"""
    error: Mapping[str, str] | None = None
    """`code` and `message`, of an error"""
    metrics: Mapping[str, Any] | None = None
    """None: it never began"""

    def to_json(self) -> dict[str, Any]:
        """The result as the runtime API gives it (docs/api.md)."""
        return {
            "status": self.status,
            "return_value": self.return_value,
            "state_mutations": list(self.state_mutations),
            "events": list(self.events),
            "view_commands": list(self.view_commands),
            "suspension": self.suspension,
            "error": self.error,
            "metrics": self.metrics,
        }


@dataclass(frozen=True, slots=True)
class SuspensionInfo:
    """One suspended execution, for those who may resume it."""

    id: str
    handler: str
    execution_id: str
    extension: str
    method: str
    arguments: Any
    """a JSON value"""
    suspended_at: float
    expires_at: float
    """seconds since the epoch, both"""
