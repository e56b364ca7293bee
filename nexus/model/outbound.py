"""Outbound HTTP: a request that a guest makes, and how it ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class OutboundRequest:
    """A request as the guest gave it: nothing in it was checked."""

    method: str
    url: str
    headers: Sequence[tuple[str, str]] = ()
    body: bytes = b""
    redirect: str = "follow"
    """`follow`, `error`, or `manual`: return the redirect itself"""
    stream: bool = False
    """whether the guest reads a long body part by part"""


@dataclass(frozen=True, slots=True)
class OutboundResponse:
    """The server's answer."""

    url: str
    """of the last request, after redirects"""
    status: int
    reason: str
    headers: list[tuple[str, str]]
    body: bytes
    redirected: bool = False
    more: bool = False
    """whether the body follows, part by part; *body* is empty then"""


@dataclass(frozen=True, slots=True)
class OutboundPart:
    """A part of an answer's body."""

    body: bytes
    more: bool
    """whether another part may follow"""


class FailureKind(str, Enum):
    """Why a request has no answer; also the `outcome` in metrics."""

    DENIED = "denied"
    """the manifest does not grant it, or its address"""
    INVALID = "invalid"
    """it is not a request that can be sent"""
    FAILED = "failed"
    TIMEOUT = "timeout"
    TOO_LARGE = "too_large"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class OutboundFailure:
    """The reason, for the guest."""

    kind: FailureKind
    message: str


@dataclass(frozen=True, slots=True)
class OutboundRecord:
    """One outbound request that has ended, for metrics and log."""

    handler: str
    execution_id: str
    host: str
    """the entry of the manifest that granted it; empty: none did. So there are few values"""
    outcome: str
    """`answered`, or a `FailureKind`"""
    url: str
    """without the query, which may hold secrets; empty: it was no URL"""
    method: str
    status: int = 0
    """0: no answer"""
    duration_s: float = 0.0
    sent_bytes: int = 0
    """size of the request's body"""
    received_bytes: int = 0
    """size of the answer's body, decompressed"""


ANSWERED = "answered"

OutboundOutcome: TypeAlias = OutboundResponse | OutboundPart | OutboundFailure
