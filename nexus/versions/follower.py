"""Notices what other workers and pods have deployed, by looking at the store again and again."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from nexus.errors import NexusError, StoreUnavailable
from nexus.guest import Abis
from nexus.handlers.sources import Source, source_at
from nexus.versions.deployed import Deployed, label_of
from nexus.versions.ledger import Ledger
from nexus.versions.record import PREFIX, Record, Version, ranked
from nexus.versions.store import VersionStore
from nexus.versions.unpack import Unpacked

log = logging.getLogger("nexus.versions")

_CLOSE_S: Final = 2.0


class Follower:
    """Keeps what the store says, and calls *changed* with it after each change. Thread-safe."""

    def __init__(
        self,
        store: VersionStore,
        ledger: Ledger,
        unpacked: Unpacked,
        abis: Abis,
        changed: Callable[[Sequence[Deployed]], None],
    ) -> None:
        self._store, self._ledger = store, ledger
        self._unpacked, self._abis, self._changed = unpacked, abis, changed
        self._lock = threading.Lock()  # guards the fields below, and looks
        self._tags: dict[str, str] = {}
        self._records: dict[str, Record] = {}
        self._deployed: dict[str, Deployed] = {}
        self._reported: tuple[Deployed, ...] = ()
        """what the last call of *changed* passed on"""
        self.problem: str | None = None
        """why the store could not be read the last time, or None if it could"""
        self._was_read = False
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._work, name="nexus-versions", daemon=True)

    def start(self) -> None:
        """Look once now, so that the first load has the versions; then again and again."""
        self.look()
        self._thread.start()

    def close(self) -> bool:
        """End the thread; return False if it still waits for the store, which may not answer."""
        self._closed.set()
        if self._thread.ident is not None:
            self._thread.join(_CLOSE_S)
        return not self._thread.is_alive()

    def look(self) -> None:
        """Look at the store now. If it cannot be read, log why once; what serves stays."""
        with self._lock:
            try:
                self._read()
            except StoreUnavailable as error:
                if self.problem is None:
                    log.error("%s; the versions that serve stay", error)
                self.problem = str(error)
                return
            if self.problem is not None:
                log.info("the store of versions can be read again")
            now = tuple(self._deployed.values())
            if now != self._reported:  # also what an earlier look read before the store failed
                self._changed(now)
                self._reported = now
            self.problem, self._was_read = None, True  # only once *changed* has it

    @property
    def is_known(self) -> bool:
        """False if no look has found out yet what is deployed."""
        return self._was_read or self.problem is None

    def source_of(self, name: str, version: Version) -> Source:
        """Return *version* as a source on this machine's disk.

        Raises: StoreUnavailable.
        """
        folder = self._unpacked.of(version, self._store.get_blob)
        source = source_at(folder / version.entry, self._abis)
        return replace(source, label=label_of(name), version=version.id)

    # ---- inside -----------------------------------------------------------------------------

    def _work(self) -> None:
        while not self._closed.wait(self._store.poll_s):
            try:
                self.look()
            except Exception:
                log.exception("the deployed versions could not be read; looking again")

    def _read(self) -> None:
        """Read the records that have changed."""
        tags = {key: tag for key, tag in self._store.tags().items() if key.startswith(PREFIX)}
        if tags == self._tags:
            return
        for key in self._tags.keys() - tags.keys():  # another store, or an older copy of it
            del self._tags[key]
            self._records.pop(key.removeprefix(PREFIX), None)
            self._deployed.pop(key.removeprefix(PREFIX), None)
        for key, tag in tags.items():
            if self._tags.get(key) != tag and self._take(key.removeprefix(PREFIX)):
                self._tags[key] = tag
        used = {version.digest for record in self._records.values() for version in record.versions}
        self._unpacked.tidy(used)

    def _take(self, name: str) -> bool:
        """Take over a handler's record; return False to try again at the next look."""
        record, _ = self._ledger.read(name)
        try:
            found = self._deploy(name, record)
        except StoreUnavailable:
            raise
        except (NexusError, OSError) as error:
            log.error("the versions of %s cannot be unpacked: %s; the old ones stay", name, error)
            return False
        self._records[name] = record
        if found is None:
            self._deployed.pop(name, None)
        else:
            self._deployed[name] = found
        return True

    def _deploy(self, name: str, record: Record) -> Deployed | None:
        if not record.weights:
            return None
        order = ranked(record.weights)
        sources = {id: self.source_of(name, record.find(id)) for id in order}
        others = tuple(
            (replace(sources[id], label=f"{label_of(name)}/{id}"), record.weights[id])
            for id in order[1:]
        )
        return Deployed(name, sources[order[0]], others, record.sticky)
