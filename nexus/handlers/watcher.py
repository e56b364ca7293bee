"""Loads the handlers folder, then watches it for changes.

It polls: a folder mounted from a ConfigMap or over a network sends no events, and a look at a
hundred files takes a millisecond. The ticker makes the looks; loading, which may compile for
seconds, has a thread of its own.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from nexus.errors import HandlerError
from nexus.guest import Abis
from nexus.handlers.secrets import Secrets, SecretsState
from nexus.handlers.sources import Source, find_orphans, find_sources
from nexus.plugin_api.ticker import TICKER, Tick

log = logging.getLogger("nexus.handlers")

POLL_S = 0.2
"""Seconds between two looks; a change is loaded once two looks agree, so no half-written file is"""
_MISSING_LOOKS = 50
"""A folder that cannot be read is logged again after this many looks"""


_NO_SECRETS = Secrets()

_Look: TypeAlias = "tuple[Sequence[Source], SecretsState]"


class HandlersWatcher:
    """Calls *load* with the folder's sources, once at the start and after every change, also one
    of the secrets' folder."""

    def __init__(
        self,
        folder: Path,
        abis: Abis,
        load: Callable[[Sequence[Source]], None],
        secrets: Secrets = _NO_SECRETS,
    ) -> None:
        self._folder, self._abis, self._load, self._secrets = folder, abis, load, secrets
        self._orphans: dict[str, str] = {}
        """logged problems of manifests without handlers"""
        self._missed = 0
        self._changed = threading.Condition()  # guards the fields below
        self._seen: _Look = ((), ())
        self._wanted: Sequence[Source] | None = None
        """sources to load now; None: nothing to load"""
        self._loaded: _Look = ((), ())
        self._again = False
        self._began = False
        self._closed = False
        self._tick: Tick | None = None
        self._thread = threading.Thread(target=self._work, name="nexus-handlers", daemon=True)

    def start(self) -> None:
        """Load the folder in the background, and watch it."""
        self._thread.start()

    def load_again(self) -> None:
        """Load the sources again soon, though they have not changed."""
        with self._changed:
            self._again = True

    def load_at_once(self) -> None:
        """Load the folder as it was last loaded, now: something beside it has changed."""
        with self._changed:
            if self._began and self._wanted is None:
                self._wanted = self._loaded[0]
                self._changed.notify()

    def close(self) -> None:
        """Stop watching, without waiting for a compilation under way."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._tick is not None:
            self._tick.close()

    def _work(self) -> None:
        first = self._find() or ((), ())
        with self._changed:
            self._loaded = self._seen = first
            self._began = True
        self._load_all(first[0])
        with self._changed:
            if self._closed:
                return
            self._tick = TICKER.every(POLL_S, self._look)
        while True:
            with self._changed:
                while self._wanted is None and not self._closed:
                    self._changed.wait()
                if self._closed or self._wanted is None:
                    return
                wanted, self._wanted = self._wanted, None
            self._load_all(wanted)

    def _look(self) -> None:
        """On the ticker's thread: order a load if two looks found the same change."""
        found = self._find()
        with self._changed:
            if found is None or (found == self._loaded and not self._again):
                return
            if found == self._seen:
                self._again = False
                self._loaded, self._wanted = found, found[0]
                self._changed.notify()
            self._seen = found

    def _load_all(self, sources: Sequence[Source]) -> None:
        try:
            self._load(sources)
        except BaseException:  # also SystemExit of a plugin: keep watching, a change may cure it
            log.exception("the handlers could not be loaded; the present ones stay")
        orphans = find_orphans(self._folder, sources, self._abis)
        for name, missing in orphans.items():
            if name not in self._orphans:
                log.warning("%s: %s", name, missing)
        self._orphans = orphans

    def _find(self) -> _Look | None:
        """Return the sources and the state of the secrets now; None if the handlers folder cannot
        be read, which changes nothing."""
        try:
            found = find_sources(self._folder, self._abis), self._secrets.state()
        except HandlerError as error:
            if self._missed % _MISSING_LOOKS == 0:
                log.error("%s", error)
            self._missed += 1
            return None
        self._missed = 0
        return found
