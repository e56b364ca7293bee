"""Sends outbound requests as a guest would, without a guest."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from nexus.model import (
    Compiled,
    Handler,
    Limits,
    ModuleInfo,
    OutboundFailure,
    OutboundOutcome,
    OutboundRequest,
    OutboundResponse,
)
from nexus.outbound.client import OutboundClient, OutboundLimits
from nexus.outbound.resolver import Resolve
from nexus.outbound.session import Session
from nexus.run import Execution

LIMITS = OutboundLimits(max_concurrent=4, max_response_bytes=1 << 20, timeout_s=60.0)
_COMPILED = Compiled("key", b"", ModuleInfo((), (), 0, 0, False, (), None, False, 0, 0, 0), "wasi")


class Caller:
    """A client, and executions that send by it."""

    def __init__(self, resolve: Resolve, limits: OutboundLimits = LIMITS, **options: Any) -> None:
        self.client = OutboundClient(limits, resolve=resolve, **options)

    def close(self) -> None:
        self.client.close()

    def session(
        self, *grants: str, timeout_s: float = 5.0, handler: str = "hello", **limits: Any
    ) -> Session:
        """Return the requests of a new execution whose manifest has these *grants*."""
        found = Handler(handler, f"/{handler}", _COMPILED, http=grants)
        run = Execution("x-1", Limits(**limits), time.monotonic() + timeout_s)
        session = self.client.open(found, run)
        assert isinstance(session, Session)
        return session

    def send(self, url: str, grants: Iterable[str], **fields: Any) -> OutboundOutcome:
        """Send one request and return its outcome."""
        return outcome_of(self.session(*grants), url, **fields)

    def get(self, url: str, *grants: str, **fields: Any) -> OutboundResponse:
        """Send one request, which must succeed."""
        outcome = self.send(url, grants, **fields)
        assert isinstance(outcome, OutboundResponse), outcome
        return outcome

    def failure(self, url: str, *grants: str, **fields: Any) -> OutboundFailure:
        """Send one request, which must fail."""
        outcome = self.send(url, grants, **fields)
        assert isinstance(outcome, OutboundFailure), outcome
        return outcome


def outcome_of(session: Session, url: str, **fields: Any) -> OutboundOutcome:
    """Send one request and return its outcome."""
    started = session.start(OutboundRequest(**{"method": "GET", "url": url, **fields}))
    if isinstance(started, OutboundFailure):
        return started
    ended = session.wait(None)
    assert ended is not None, "the run's deadline came first"
    assert ended[0] == started
    return ended[1]
