"""How long clients may take, and how many connections there may be."""

from __future__ import annotations

import math
import resource
import time
from dataclasses import dataclass

from nexus.config import Settings

GRACE_S = 5.0
"""How long a body or an answer may be slower than `http_min_bytes_per_second`. Kestrel has the same
grace period, and the same rate."""
MOST_CONNECTIONS = 16384
"""Limits the connections of one worker, even if more descriptors are allowed: each takes some 5 KB.
Beyond it the worker closes those that have waited longest for their clients."""


@dataclass(frozen=True)
class ClientLimits:
    """How long a client may take to send and to receive."""

    head_s: float
    body_s: float
    send_s: float
    bytes_per_s: int
    """the lowest rate at which bodies and answers may arrive; 0: any rate will do"""
    body_bytes: int
    """the largest body that is not refused"""

    @classmethod
    def of(cls, settings: Settings) -> ClientLimits:
        """Return the limits in *settings*."""
        return cls(
            head_s=settings.http_head_timeout_ms / 1000,
            body_s=settings.http_body_timeout_ms / 1000,
            send_s=settings.http_send_timeout_ms / 1000,
            bytes_per_s=settings.http_min_bytes_per_second,
            body_bytes=max(settings.max_request_bytes, settings.max_version_mb << 20),
        )

    def head(self) -> Allowance:
        """Return the time for a head that begins now."""
        return Allowance(self.head_s)

    def body(self) -> Allowance:
        """Return the time for a body that begins now."""
        return Allowance(self.body_s, self.bytes_per_s)

    def answer(self) -> Allowance:
        """Return the time for an answer that the client begins to receive now."""
        return Allowance(self.send_s, self.bytes_per_s)


class Allowance:
    """The time a client has to send or receive something: a limit in all, and a lowest rate."""

    __slots__ = ("_bytes_per_s", "_timeout_s", "bytes", "since_s")

    def __init__(self, timeout_s: float, bytes_per_s: int = 0) -> None:
        self._timeout_s, self._bytes_per_s = timeout_s, bytes_per_s
        self.since_s = time.monotonic()
        self.bytes = 0
        """how many bytes the client has sent or received; the code that moves them counts here"""

    def until(self) -> float:
        """Return the latest moment for the next byte, in monotonic seconds."""
        left_s = self._timeout_s
        if self._bytes_per_s:
            left_s = min(left_s, GRACE_S + self.bytes / self._bytes_per_s)
        return self.since_s + left_s

    def rate(self, now: float) -> float:
        """Return the bytes per second so far, or infinity during the first second."""
        took_s = now - self.since_s
        return self.bytes / took_s if took_s > 1 else math.inf


def most_connections() -> int:
    """Raise the soft limit of descriptors, and return how many connections it allows.

    A quarter of the descriptors, and at least 64, are left for files, pipes and compilers.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return MOST_CONNECTIONS
    wanted = MOST_CONNECTIONS * 4 // 3 + 1
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return max(1, min(MOST_CONNECTIONS, soft - max(64, soft // 4)))
