"""The statuses that a host call can return, as in `docs/abi.md`."""

from __future__ import annotations

from typing import Final

DEFERRED: Final = 1
"""the answer comes later (JavaScript only)"""
OK: Final = 0
NOT_FOUND: Final = -1
DENIED: Final = -2
INVALID: Final = -3
UNAVAILABLE: Final = -4
FAULT: Final = -5
STOPPED: Final = -6
FAILED: Final = -7
STORE_UNAVAILABLE: Final = -8
STORE_FULL: Final = -9


class Declined(Exception):
    """Carries a status and a readable message to the edge of a host call, never further."""

    def __init__(self, status: int, message: str = "") -> None:
        super().__init__(message)
        self.status, self.message = status, message
