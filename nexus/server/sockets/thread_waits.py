"""Lets a thread wait for a client where it must: for large bodies and for streamed answers."""

from __future__ import annotations

import math
import os
import select
import ssl
import time
from collections.abc import Callable
from typing import Any

from nexus.server.limits import ClientLimits

NOT_NOW = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
"""Exceptions that a non-blocking socket raises instead of waiting."""


def event_of(error: OSError, event: int) -> int:
    """Return the poll event to wait for after *error*: *event*, unless TLS wants the other."""
    if isinstance(error, ssl.SSLWantReadError):
        return select.POLLIN
    return select.POLLOUT if isinstance(error, ssl.SSLWantWriteError) else event


class ThreadWaits:
    """The waits of one worker's threads. Thread-safe."""

    def __init__(self, before_wait: Callable[[], None], limits: Callable[[], ClientLimits]) -> None:
        """*before_wait* is called before a thread waits; *limits* returns the current limits."""
        self._before_wait, self.limits = before_wait, limits
        self._ended = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        """readable once `end` was called, so that all polls return"""

    def wait(self, sock: Any, event: int, until: float) -> None:
        """Wait for a poll *event* on *sock*.

        Raises: TimeoutError at *until* (monotonic seconds), and when the worker stops.
        """
        self._before_wait()
        poll = select.poll()
        poll.register(sock, event)
        poll.register(self._ended, select.POLLIN)
        left_s = max(0.0, until - time.monotonic())
        found = poll.poll(None if left_s == math.inf else left_s * 1000)
        if not found or any(number == self._ended for number, _ in found):
            raise TimeoutError("timed out")

    def end(self) -> None:
        """End all waits, also later ones, because the worker stops."""
        os.eventfd_write(self._ended, 1)

    def close(self) -> None:
        """Close the descriptor. No thread may wait afterwards."""
        os.close(self._ended)
