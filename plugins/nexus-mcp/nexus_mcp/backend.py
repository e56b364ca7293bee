"""Where code runs, as the tools see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

Result: TypeAlias = dict[str, Any]
"""An execution's result, in the form of the runtime API (docs/api.md), and what it `printed`"""


class Refused(Exception):
    """Nexus started no execution, or cannot be reached."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


@dataclass(frozen=True)
class Ceiling:
    """Limits of source text; None leaves those of Nexus."""

    timeout_ms: int | None = None
    memory_limit_mb: int | None = None
    capabilities: tuple[str, ...] = ()


@dataclass(frozen=True)
class Offer:
    """A handler whose manifest describes its arguments."""

    name: str
    description: str
    input_schema: Mapping[str, Any]


class Backend(Protocol):
    """Runs source text and handlers. Its methods block, from any thread, and raise Refused."""

    shows_printed: bool
    """whether results of source text have what it printed"""

    def offers(self) -> Sequence[Offer]:
        """Return the handlers that serve now and have an input schema."""
        ...

    def run_text(self, language: str, source: str, context: Mapping[str, Any]) -> Result:
        """Run *source* within the backend's ceiling."""
        ...

    def run_handler(self, name: str, context: Mapping[str, Any]) -> Result:
        """Run the handler *name* with *context*."""
        ...

    def answer(self, suspension_id: str, answer: Mapping[str, Any]) -> Result:
        """Answer one question of a suspended execution, and return the next result."""
        ...

    def result(self, execution_id: str, wait_ms: int) -> Result:
        """Return the result of a suspended execution once it ends, or as it stands after
        *wait_ms*."""
        ...

    def close(self) -> None:
        """Release everything. May be called again."""
        ...
