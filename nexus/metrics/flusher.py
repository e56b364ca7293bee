"""Flushes the metrics twice a second."""

from __future__ import annotations

import logging
from collections.abc import Callable

from nexus.plugin_api.ticker import TICKER, Tick

log = logging.getLogger("nexus.metrics")

FLUSH_S = 0.5
"""Other workers' figures in a scrape are up to this old; the scraped worker flushes first"""


class Flusher:
    """Calls *flush* every `FLUSH_S`, and once more when closed."""

    def __init__(self, flush: Callable[[], None]) -> None:
        self._flush = flush
        self._tick: Tick | None = None

    def start(self) -> None:
        """Begin flushing."""
        self._tick = TICKER.every(FLUSH_S, self._try)

    def close(self) -> None:
        """Stop flushing after one last flush."""
        if self._tick is not None:
            self._tick.close()
        self._flush()

    def _try(self) -> None:
        try:
            self._flush()
        except Exception:  # a full disk, say: later flushes may succeed
            log.exception("the metrics could not be written; the next flush tries again")
