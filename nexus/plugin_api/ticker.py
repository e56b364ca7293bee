"""One thread that makes all repeated calls."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable

log = logging.getLogger("nexus.ticker")


class Tick:
    """One call that is repeated until `close`."""

    def __init__(self, every_s: float, call: Callable[[], object]) -> None:
        self.every_s, self.call = every_s, call
        self.due = time.monotonic() + every_s
        self.closed = False
        self.running = threading.RLock()  # held while *call* runs

    def close(self) -> None:
        """Stop the calls, and wait for one under way (unless that call closes it)."""
        self.closed = True
        with self.running:
            pass


class Ticker:
    """Makes calls at intervals, all on one daemon thread, which starts with the first call.

    A call must be short: the others wait for it. An exception is logged, and the calls continue.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()  # guards the fields below
        self._ticks: list[Tick] = []
        self._started = False

    def every(self, every_s: float, call: Callable[[], object]) -> Tick:
        """Repeat *call* every *every_s* seconds from now on, until the returned tick is closed."""
        tick = Tick(every_s, call)
        with self._changed:
            if not self._started:
                self._started = True
                threading.Thread(target=self._work, name="nexus-ticker", daemon=True).start()
            self._ticks.append(tick)
            self._changed.notify()
        return tick

    def forget(self) -> None:
        """Begin anew. A process that was just forked must do so: it has no thread of this ticker,
        and another thread may have held the lock."""
        self._changed = threading.Condition()
        self._ticks, self._started = [], False

    def _work(self) -> None:
        while True:
            with self._changed:
                self._ticks = [tick for tick in self._ticks if not tick.closed]
                now = time.monotonic()
                due = [tick for tick in self._ticks if tick.due <= now]
                if not due:
                    next_due = min((tick.due for tick in self._ticks), default=None)
                    self._changed.wait(None if next_due is None else next_due - now)
                    continue
            for tick in due:
                self._make(tick)

    def _make(self, tick: Tick) -> None:
        with tick.running:
            if tick.closed:
                return
            try:
                tick.call()
            except BaseException:  # also SystemExit: the other calls must go on
                log.exception("a call repeated every %g s failed", tick.every_s)
        tick.due = time.monotonic() + tick.every_s


TICKER = Ticker()
"""The ticker of this process"""

os.register_at_fork(after_in_child=TICKER.forget)
