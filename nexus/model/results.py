"""The result and the effects of an execution with a JSON context."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


class Effects:
    """The changes that one execution asks for: plain data, which its caller carries out."""

    __slots__ = ("count", "events", "size_bytes", "state_mutations", "view_commands")

    def __init__(self) -> None:
        self.state_mutations: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.view_commands: list[dict[str, Any]] = []
        self.count = 0
        """number of all effects so far, taken ones too"""
        self.size_bytes = 0
        """size of all effects so far, as JSON"""

    def take(self) -> Effects:
        """Return the effects since the last call."""
        new = Effects()
        new.state_mutations, self.state_mutations = self.state_mutations, []
        new.events, self.events = self.events, []
        new.view_commands, self.view_commands = self.view_commands, []
        return new


@dataclass(frozen=True)
class ExtensionAnswer:
    """An extension's answer to a guest's call."""

    ok: bool
    value: bytes
    """JSON; if not *ok*, a JSON string with the error's message"""


@dataclass(frozen=True, slots=True)
class Deferred:
    """Stands in for an answer to come: the guest must first do what it can without it, then return
    to the host (`Waiting`). Only guests that can do so get it."""

    number: int
    """of the question in its execution, from 1; the answer comes with this number (`Answered`)"""


@dataclass(frozen=True)
class ExecutionResult:
    """The result of an execution with a JSON context, ended or suspended."""

    status: str
    """`success`, `error` or `suspended`"""
    return_value: Any = None
    """a JSON value, if the status is success"""
    state_mutations: Sequence[Mapping[str, Any]] = ()
    events: Sequence[Mapping[str, Any]] = ()
    view_commands: Sequence[Mapping[str, Any]] = ()
    suspension: Mapping[str, Any] | None = None
    """the first of `suspensions`, if the status is suspended"""
    error: Mapping[str, str] | None = None
    """`code` and `message`, if the status is error"""
    metrics: Mapping[str, Any] | None = None
    """None: the execution never began"""
    execution_id: str = ""
    suspensions: Sequence[Mapping[str, Any]] = ()
    """the open questions, the oldest first, if the status is suspended; each has `id`, `extension`,
    `method`, `arguments` and `expires_at`"""
    unanswered: Sequence[Mapping[str, Any]] = ()
    """the questions that were open when the execution ended: `extension`, `method`, `arguments`"""

    def to_json(self) -> dict[str, Any]:
        """Return the result in the form of the runtime API (docs/api.md)."""
        return {
            "status": self.status,
            "execution_id": self.execution_id,
            "return_value": self.return_value,
            "state_mutations": list(self.state_mutations),
            "events": list(self.events),
            "view_commands": list(self.view_commands),
            "suspension": self.suspension,
            "suspensions": list(self.suspensions),
            "unanswered": list(self.unanswered),
            "error": self.error,
            "metrics": self.metrics,
        }


@dataclass(frozen=True, slots=True)
class SuspensionInfo:
    """One open question of a suspended execution, with the facts needed to answer it."""

    id: str
    handler: str
    execution_id: str
    extension: str
    method: str
    arguments: Any
    """a JSON value"""
    suspended_at: float
    expires_at: float
    """both times in seconds since the epoch"""
