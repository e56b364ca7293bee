"""One thread that waits for due times, and has handlers called at them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Final

from nexus.errors import ShuttingDown
from nexus.model import Handler, Scheduled, ScheduledRun
from nexus.plugin_api.stores import StoreError
from nexus.schedules.call import MISSED, OVERLAP, TRIES_S, Call, Runs
from nexus.schedules.entry import Due, Entry
from nexus.schedules.ledger import Ledger

log = logging.getLogger("nexus.schedules")

_LONGEST_S: Final = 60.0
"""The longest sleep: the clock may be set meanwhile"""
_AGAIN_S: Final = 1.0
"""until the next look if the store fails"""
_SLACK_S: Final = 5.0
"""by which a lease outlives its run, so that it expires only if the run's worker has died"""


class Schedules:
    """Calls handlers when their schedules are due. Thread-safe.

    Its thread starts when the first handler with a schedule serves.
    """

    def __init__(
        self,
        ledger: Ledger,
        runs: Runs[Any],
        submit: Callable[[str, Callable[[], None]], None],
        observe: Callable[[ScheduledRun], None],
    ) -> None:
        """*submit* runs a function on a thread that may run guests, if possible one that has run
        the module of this key; *observe* counts and logs what has ended."""
        self._ledger, self._runs, self._submit, self._observe = ledger, runs, submit, observe
        self._changed = threading.Condition()  # guards these fields
        self._entries: Mapping[str, Entry] = {}
        self._thread: threading.Thread | None = None
        self._stops = threading.Event()
        self._failing = ""
        """why the store failed at the last look"""

    def serve(self, handlers: Iterable[Handler]) -> None:
        """Call the handlers among these that have schedules, and no others, from now on."""
        made = [Entry(handler, cron) for handler in handlers for cron in handler.schedule]
        with self._changed:
            if self._stops.is_set():
                return
            for entry in made:
                if entry.key in self._entries:
                    entry.next_ms = self._entries[entry.key].next_ms
            self._entries = {entry.key: entry for entry in made}
            if made and self._thread is None:
                self._thread = threading.Thread(
                    target=self._work, name="nexus-schedules", daemon=True
                )
                self._thread.start()
            self._changed.notify()

    def close(self, timeout_s: float) -> None:
        """Begin no more runs; wait up to *timeout_s* for the last to begin."""
        self._stops.set()
        with self._changed:
            thread = self._thread
            self._changed.notify()
        if thread is not None:
            thread.join(timeout_s)

    def _work(self) -> None:
        while not self._stops.is_set():
            with self._changed:
                entries = list(self._entries.values())
            wait_s = self._look(entries)
            with self._changed:
                if entries == list(self._entries.values()) and not self._stops.is_set():
                    self._changed.wait(wait_s)

    def _look(self, entries: list[Entry]) -> float | None:
        """See to what is due of *entries*; return how long to wait for the rest."""
        failed = ""
        for entry in entries:
            now_ms = time.time_ns() // 1_000_000
            try:
                due = entry.look(self._ledger, now_ms) if entry.next_ms <= now_ms else None
                if due is not None:
                    self._begin(entry, due)
            except Exception as error:  # a plugin's store may raise anything
                failed = f"{type(error).__name__}: {error}"
        if failed != self._failing:
            if failed:
                log.warning("schedules wait for the store: %s", failed)
            self._failing = failed
        if not entries:
            return None
        if failed:
            return _AGAIN_S
        soonest_ms = min(entry.next_ms for entry in entries)
        return min(max(0.0, soonest_ms / 1000 - time.time()), _LONGEST_S)

    def _begin(self, entry: Entry, due: Due) -> None:
        handler = entry.handler
        if due.missed:
            last = Scheduled(entry.cron, due.last_missed_ms)
            self._observe(ScheduledRun(handler.name, last, MISSED, due.missed))
        if due.run_ms is None:
            return
        scheduled = Scheduled(entry.cron, due.run_ms)
        lease = self._ledger.take_lease(entry.key, handler.limits.timeout_s + TRIES_S + _SLACK_S)
        if lease is None:
            self._observe(ScheduledRun(handler.name, scheduled, OVERLAP))
            return
        try:
            run = partial(self._run, entry.key, lease, handler, scheduled)
            self._submit(handler.compiled.key, run)
        except ShuttingDown:
            self._end_lease(entry.key, lease)
            self._observe(ScheduledRun(handler.name, scheduled, MISSED))

    def _run(self, key: str, lease: bytes, handler: Handler, scheduled: Scheduled) -> None:
        try:
            call = Call(self._runs, handler, scheduled)
            self._observe(call.carry_out(self._stops.wait))
        finally:
            self._end_lease(key, lease)

    def _end_lease(self, key: str, lease: bytes) -> None:
        try:
            self._ledger.end_lease(key, lease)
        except StoreError as error:
            log.warning("the next run of %s may wait for this one's deadline: %s", key, error)
