"""Clients of requests whose runs go on after their answer, without a server."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from nexus.model import Handler, HttpRequest, HttpResponse


@dataclass
class Receiver:
    """A client, and the `Sender` that opens it: notes what arrives, and how far the run was."""

    run: Any = None
    response: HttpResponse | None = None
    parts: list[bytes] = field(default_factory=list)
    log_then: bytes = b""
    """what the run had logged when the response arrived"""
    leaves_after: int | None = None
    """after so many parts the client has left"""

    def open(self, request: HttpRequest, handler: Handler, run: Any) -> Receiver:
        request.client = self
        self.run = run
        return self

    def answer(self, response: HttpResponse) -> None:
        assert self.response is None, "it has been answered"
        self.response, self.log_then = response, bytes(self.run.stderr)

    begin = answer

    def write(self, part: bytes) -> bool:
        assert self.response is not None, "the head comes first"
        self.parts.append(part)
        return not self.has_left()

    def has_left(self) -> bool:
        return self.leaves_after is not None and len(self.parts) >= self.leaves_after
