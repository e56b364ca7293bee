"""What is suspended in this worker now. Each suspension ends once: there is one winner."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from nexus.errors import (
    NexusError,
    ResourceLimit,
    ShuttingDown,
    SuspensionConflict,
    SuspensionGone,
)
from nexus.model import ExecutionResult, ExtensionAnswer, SuspensionInfo

log = logging.getLogger("nexus.suspension")

_REMEMBERED = 10_000
"""how many that were resumed are told from those that expired, if somebody asks for them again"""


class Suspended(Protocol):
    """A run in the middle, which can be ended or continued, once."""

    def go_on(self, answer: ExtensionAnswer) -> ExecutionResult:
        """Continue with *answer*; return what it comes to next. Called by the winner."""
        ...

    def end(self, reason: NexusError) -> None:
        """Let it end with *reason*. Called by the winner; must not block."""
        ...


@dataclass
class _Entry:
    info: SuspensionInfo
    run: Suspended
    expires: float
    """monotonic seconds"""
    claimed: bool = False


class SuspensionBook:
    """Suspended runs by id. Thread-safe; a thread of its own ends those whose time is over."""

    def __init__(self, most: int, timeout_s: float, count: Callable[[str], None]) -> None:
        """*most*: suspended at once; *timeout_s*: how long each may be; *count* is told how each
        ended: `resumed`, `expired`, `cancelled`, `shutdown`, or that it was `refused`."""
        self._most, self._timeout_s, self.count = most, timeout_s, count
        self._lock = threading.Lock()  # guards all below
        self._changed = threading.Condition(self._lock)
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        """in the order in which they expire: all may be suspended for equally long"""
        self._resumed: OrderedDict[str, None] = OrderedDict()
        self._sleeping = False
        """whether the thread waits for the first that can expire"""
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="nexus-suspensions", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    # ---- in ---------------------------------------------------------------------------------

    def check_room(self) -> None:
        """Raises: ResourceLimit where there is no room for one more; ShuttingDown."""
        with self._lock:
            self._check_room()

    def _check_room(self) -> None:
        if self._closed:
            raise ShuttingDown("this worker is shutting down")
        if len(self._entries) >= self._most:
            raise ResourceLimit(f"{self._most} executions are suspended already")

    def add(self, info: SuspensionInfo, run: Suspended) -> None:
        """Enter *run*, to be found under `info.id`.

        Raises: ResourceLimit, ShuttingDown.
        """
        with self._lock:
            self._check_room()
            self._entries[info.id] = _Entry(info, run, time.monotonic() + self._timeout_s)
            if self._sleeping:
                self._changed.notify()

    @property
    def timeout_s(self) -> float:
        """How long a run may be suspended."""
        return self._timeout_s

    # ---- out --------------------------------------------------------------------------------

    def claim(self, suspension_id: str) -> Suspended:
        """Win the right to continue it; then `resumed` or `give_back`.

        Raises: SuspensionConflict where another has it, or had; SuspensionGone.
        """
        with self._lock:
            entry = self._find(suspension_id)
            entry.claimed = True
        return entry.run

    def resumed(self, suspension_id: str) -> None:
        """It was claimed, and goes on."""
        with self._lock:
            del self._entries[suspension_id]
            self._resumed[suspension_id] = None
            if len(self._resumed) > _REMEMBERED:
                self._resumed.popitem(last=False)
        self.count("resumed")

    def give_back(self, suspension_id: str) -> bool:
        """It was claimed, but cannot go on now; False: it is to end instead."""
        with self._lock:
            if self._closed:
                del self._entries[suspension_id]
                return False
            self._entries[suspension_id].claimed = False
            self._changed.notify()  # its time may be over meanwhile
            return True

    def cancel(self, suspension_id: str) -> None:
        """End it.

        Raises: as `claim`.
        """
        with self._lock:
            entry = self._find(suspension_id)
            del self._entries[suspension_id]
        self._end(entry, "cancelled", SuspensionGone("the suspended execution was cancelled"))

    def _find(self, suspension_id: str) -> _Entry:
        entry = self._entries.get(suspension_id)
        if entry is not None and not entry.claimed:
            return entry
        if entry is not None or suspension_id in self._resumed:
            raise SuspensionConflict("the execution was resumed already")
        raise SuspensionGone("the suspended execution is gone: it expired or was cancelled")

    def _end(self, entry: _Entry, outcome: str, reason: NexusError) -> None:
        self.count(outcome)
        entry.run.end(reason)

    # ---- what is there ----------------------------------------------------------------------

    def infos(self) -> list[SuspensionInfo]:
        """Those that can be resumed now, the oldest first."""
        with self._lock:
            return [entry.info for entry in self._entries.values() if not entry.claimed]

    def __len__(self) -> int:
        return len(self._entries)

    # ---- the end ----------------------------------------------------------------------------

    def _work(self) -> None:
        while True:
            with self._lock:
                if self._closed:
                    return
                due = self._take_due(time.monotonic())
                if not due:
                    next_s = self._next_in()
                    self._sleeping = next_s is None
                    self._changed.wait(next_s)
                    self._sleeping = False
            for entry in due:
                # An error of its own for each: one that is raised holds on to where it was raised.
                reason = SuspensionGone(f"not resumed within {self._timeout_s:g} s")
                self._end(entry, "expired", reason)

    def _take_due(self, now: float) -> list[_Entry]:
        due = []
        for entry in self._entries.values():
            if entry.expires > now:
                break
            if not entry.claimed:
                due.append(entry)
        for entry in due:
            del self._entries[entry.info.id]
        return due

    def _next_in(self) -> float | None:
        """Seconds until the next expires; None: there is none."""
        for entry in self._entries.values():
            if not entry.claimed:
                return max(0.0, entry.expires - time.monotonic())
        return None

    def close(self) -> None:
        """End all, and let none in any more."""
        with self._lock:
            self._closed = True
            left = [entry for entry in self._entries.values() if not entry.claimed]
            for entry in left:
                del self._entries[entry.info.id]
            self._changed.notify()
        for entry in left:
            self._end(entry, "shutdown", ShuttingDown("this worker is shutting down"))
        if self._thread.ident is not None:
            self._thread.join()
