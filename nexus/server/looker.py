"""Looks again and again for a slow request, and sleeps while none is under way.

It has a thread of its own in the place of a tick of `nexus.plugin_api.ticker`. Ticks wait for each
other, and some look at folders or write files: on a slow disk or a network they may block, and with
them all connections of a leader that is slow. And a tick cannot sleep until a request wakes it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

LOOK_S = 0.01
"""The time between two looks. Each takes the GIL from the thread that serves: at 1 ms a warm
handler served an eighth fewer requests, and its p99 was longer."""
_QUIET_LOOKS = 10
"""After so many looks that find no request under way, the next request must wake the looker."""


class Looker:
    """A thread that looks. Thread-safe."""

    def __init__(self, look: Callable[[], bool]) -> None:
        """*look* does something about a slow request; it returns whether one is under way."""
        self._look = look
        self.sleeps = False
        """whether the next request must call `wake`"""
        self._stopped = False
        self._changed = threading.Condition()  # guards both when they change
        self._thread = threading.Thread(target=self._run, name="nexus-looker", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Stop looking."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
        if self._thread.ident is not None:
            self._thread.join()

    def wake(self) -> None:
        """Look again: a request is under way."""
        with self._changed:
            self.sleeps = False
            self._changed.notify()

    def _run(self) -> None:
        quiet = 0
        while not self._stopped:
            quiet = 0 if self._look() else quiet + 1
            if quiet < _QUIET_LOOKS:
                time.sleep(LOOK_S)
                continue
            self.sleeps = True
            if not self._look():  # a request that begins from now on sees that it must call
                with self._changed:
                    while self.sleeps and not self._stopped:
                        self._changed.wait()
            self.sleeps = False
            quiet = 0
