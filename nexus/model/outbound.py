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


@dataclass(frozen=True, slots=True)
class OutboundResponse:
    """The server's answer, whole."""

    url: str
    """of the last request, after redirects"""
    status: int
    reason: str
    headers: list[tuple[str, str]]
    body: bytes
    redirected: bool = False


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


OutboundOutcome: TypeAlias = OutboundResponse | OutboundFailure
