"""A suspended run as the book knows it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Protocol

from nexus.errors import NexusError
from nexus.model import ExecutionResult, ExtensionAnswer, SuspensionInfo


class Suspended(Protocol):
    """A suspended run: the caller that claimed it continues it; the book ends it, once."""

    execution_id: str
    patience_s: float
    """the longest that an answer waits while the run continues for another reason"""

    def go_on(self, suspension_id: str, answer: ExtensionAnswer) -> ExecutionResult:
        """Continue with the *answer* to a question; return the next result. Called by the
        claimer."""
        ...

    def wake(self) -> None:
        """Continue without an answer, since a timer is due. Must not block."""
        ...

    def end(self, reason: NexusError) -> None:
        """End the run with *reason*. Must not block."""
        ...


@dataclass(eq=False)
class Record:
    """One suspended run, until it ends."""

    run: Suspended
    questions: dict[str, SuspensionInfo] = field(default_factory=dict)
    """the open ones by id, the oldest first"""
    deadlines: dict[str, float] = field(default_factory=dict)
    """when each expires, and the run with it; all times in monotonic seconds"""
    wakes: float = math.inf
    """when its next timer may run"""
    claimed: bool = False
    """the run continues, or is about to"""
    answering: str = ""
    """id of the question whose answer it continues with; empty: a timer is due"""
    version: int = 0
    """counts the changes of the other fields"""

    def expires(self) -> float:
        """Return when its first question expires."""
        return min(self.deadlines.values(), default=math.inf)

    def drop(self, suspension_id: str) -> None:
        """Remove a question."""
        del self.questions[suspension_id], self.deadlines[suspension_id]
