"""Why a request fails, in words for its guest."""

from __future__ import annotations

from urllib3.exceptions import (
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    SSLError,
)

from nexus.model import FailureKind
from nexus.outbound.target import Target


class Failed(Exception):
    """Ends an exchange with a failure."""

    def __init__(self, kind: FailureKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def not_granted(target: Target) -> str:
    """Return the message for a target that the manifest does not list."""
    return f"the handler's manifest does not grant http: {target.scheme}://{target.authority}"


def reason_of(error: HTTPError) -> str:
    """Return in a few words what happened, without addresses."""
    if isinstance(error, NameResolutionError):
        return "the name has no address"
    if isinstance(error, NewConnectionError):
        return "no connection"
    if isinstance(error, SSLError):
        return f"TLS failed: {error.args[0]!s:.200}"
    if isinstance(error, ProtocolError):
        return "the connection broke, or the answer is not HTTP"
    return "the answer cannot be read"
