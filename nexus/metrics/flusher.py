"""One daemon thread that flushes the metrics twice a second."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

log = logging.getLogger("nexus.metrics")

FLUSH_S = 0.5
"""other workers' figures in a scrape are at most this old; the scraped worker flushes first"""


class Flusher:
    """Calls *flush* now and then, and once more when it is closed."""

    def __init__(self, flush: Callable[[], None]) -> None:
        self._flush = flush
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="nexus-metrics", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def close(self) -> None:
        """Stop the thread and flush for the last time."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()
        self._flush()

    def _work(self) -> None:
        while not self._stop.wait(FLUSH_S):
            try:
                self._flush()
            except Exception:  # a full disk, say: metrics must not end with it
                log.exception("the metrics could not be written")
