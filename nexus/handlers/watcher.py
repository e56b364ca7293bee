"""One daemon thread that loads the handlers folder, then watches it for changes.

It polls: a folder mounted from a ConfigMap or over a network sends no events, and a look at a
hundred files takes a millisecond.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from nexus.errors import HandlerError
from nexus.guest import Abis
from nexus.handlers.sources import Source, find_orphans, find_sources

log = logging.getLogger("nexus.handlers")

POLL_S = 0.2
"""a change is loaded when two looks found it the same, so that no half-written file is"""


class HandlersWatcher:
    """Calls *load* with the folder's sources, once at the start and after every change."""

    def __init__(self, folder: Path, abis: Abis, load: Callable[[Sequence[Source]], None]) -> None:
        self._folder, self._abis, self._load = folder, abis, load
        self._orphans: dict[str, str] = {}
        """what was said of manifests without handlers"""
        self._stop = threading.Event()
        self._again = threading.Event()
        self._thread = threading.Thread(target=self._work, name="nexus-handlers", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def load_again(self) -> None:
        """Have the sources loaded again soon, though none has changed."""
        self._again.set()

    def close(self) -> None:
        """Stop the thread, without waiting for a compilation under way."""
        self._stop.set()

    def _work(self) -> None:
        loaded = seen = self._look() or ()
        self._load_all(loaded)
        while not self._stop.wait(POLL_S):
            found = self._look()
            if found is None or (found == loaded and not self._again.is_set()):
                continue
            if found == seen:
                self._again.clear()
                loaded = found
                self._load_all(loaded)
            seen = found

    def _load_all(self, sources: Sequence[Source]) -> None:
        try:
            self._load(sources)
        except Exception:  # the folder must stay watched: the next change may cure it
            log.exception("the handlers could not be loaded")
        orphans = find_orphans(self._folder, sources, self._abis)
        for name, missing in orphans.items():
            if name not in self._orphans:
                log.warning("%s: %s", name, missing)
        self._orphans = orphans

    def _look(self) -> tuple[Source, ...] | None:
        """The sources now; None where the folder cannot be read, which changes nothing."""
        try:
            return find_sources(self._folder, self._abis)
        except HandlerError as error:
            log.error("%s", error)
            self._stop.wait(10 * POLL_S)  # a folder that is gone is said seldom
            return None
