"""What all workers and pods know of a schedule, by the key-value store that they share."""

from __future__ import annotations

import secrets
from typing import Final, NamedTuple

from nexus.plugin_api.stores import Store, Terms

NAMESPACE: Final = "nexus:schedules"
"""no handler can name it: theirs begin with `handler:` and `shared:`"""
_TIMEOUT_S: Final = 5.0
_MOST_BYTES: Final = 1 << 30
_KEPT_MS: Final = 400 * 24 * 3_600_000
"""The last due time of a schedule that nobody has any more is forgotten then"""


class Last(NamedTuple):
    """The last due time that a worker saw to."""

    due_ms: int
    stored: bytes


class Ledger:
    """The due times seen to, and leases of those that run. Thread-safe.

    All methods raise StoreError.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def last(self, schedule: str) -> Last | None:
        """Return the last due time of *schedule* that was seen to, or None for a new schedule."""
        stored = self._store.get(NAMESPACE, f"last {schedule}", _TIMEOUT_S)
        if stored is None:
            return None
        return Last(int(stored), stored)

    def advance(self, schedule: str, last: Last | None, due_ms: int) -> bool:
        """See to *schedule* up to *due_ms*; return False if another worker has done so since
        *last* was read."""
        terms = Terms(_TIMEOUT_S, _MOST_BYTES, _KEPT_MS)
        expected = None if last is None else last.stored
        return self._store.compare_and_set(
            NAMESPACE, f"last {schedule}", expected, b"%d" % due_ms, terms
        )

    def take_lease(self, schedule: str, timeout_s: float) -> bytes | None:
        """Keep others from running *schedule* for *timeout_s*, or until `end_lease` gets the lease
        that this returns. Return None if another run has the lease."""
        terms = Terms(_TIMEOUT_S, _MOST_BYTES, round(timeout_s * 1000))
        lease = secrets.token_hex(8).encode()
        key = f"runs {schedule}"
        return lease if self._store.compare_and_set(NAMESPACE, key, None, lease, terms) else None

    def end_lease(self, schedule: str, lease: bytes) -> None:
        """Let others run *schedule* again."""
        terms = Terms(_TIMEOUT_S, _MOST_BYTES)
        self._store.compare_and_set(NAMESPACE, f"runs {schedule}", lease, None, terms)
