"""Requests that are answered, and whose connections are handed over, while their runs go on."""

from __future__ import annotations

import threading


class HandedOver:
    """The threads of one worker that serve such a request. Thread-safe."""

    def __init__(self) -> None:
        self.threads: set[int] = set()
        """their identifiers; nearly always none"""

    def add(self) -> None:
        """Note that the calling thread has no connection any more."""
        self.threads.add(threading.get_ident())

    def __bool__(self) -> bool:
        """Return whether the calling thread has handed its connection over."""
        return bool(self.threads) and threading.get_ident() in self.threads

    def take(self) -> bool:
        """Return the same, and forget it."""
        found = bool(self)
        if found:
            self.threads.discard(threading.get_ident())
        return found
