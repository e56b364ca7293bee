"""One schedule of one handler, as one worker sees it."""

from __future__ import annotations

from typing import Final, NamedTuple

from nexus.model import Handler
from nexus.schedules.cron import due_between, next_due_ms
from nexus.schedules.ledger import Ledger

LATE_MS: Final = 60_000
"""A run begins up to this late, as when a worker was busy or restarted; later it is missed"""
_COUNTED_MS: Final = 8 * 24 * 3_600_000
"""Due times that were missed longer ago are not counted"""


class Due(NamedTuple):
    """A look at a schedule for which something was due."""

    run_ms: int | None
    """the due time to run now; None: it is too late"""
    missed: int = 0
    """due times that nobody ran and nobody will"""
    last_missed_ms: int = 0


class Entry:
    """Used by one thread."""

    def __init__(self, handler: Handler, cron: str) -> None:
        self.handler, self.cron = handler, cron
        self.key = f"{handler.name} {cron}"
        self.next_ms = 0
        """when to look next"""

    def look(self, ledger: Ledger, now_ms: int) -> Due | None:
        """Return what this worker must do now, or None: nothing is due, or another does it.

        Raises: StoreError; look again soon.
        """
        last = ledger.last(self.key)
        if last is None:  # it is new: its first due time is still to come
            ledger.advance(self.key, None, now_ms)
            self.next_ms = next_due_ms(self.cron, now_ms)
            return None
        due = due_between(self.cron, max(last.due_ms, now_ms - _COUNTED_MS), now_ms)
        taken = bool(due) and ledger.advance(self.key, last, due[-1])
        self.next_ms = next_due_ms(self.cron, max(now_ms, last.due_ms))
        if not taken:
            return None
        run_ms = due.pop() if now_ms - due[-1] <= LATE_MS else None
        return Due(run_ms, len(due), due[-1]) if due else Due(run_ms)
