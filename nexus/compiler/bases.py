"""Finds the base of a runtime's snapshots, in the cache and in this process; see `base.py`."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Final, Protocol
from weakref import WeakValueDictionary

from nexus.compiler.artifact import Artifact, Preparation
from nexus.compiler.base import Base

_SUFFIX: Final = ".base"


def is_base(key: str) -> bool:
    """Return whether *key* is that of a base."""
    return key.endswith(_SUFFIX)


class Store(Protocol):
    """The cache that keeps the bases, among other artifacts."""

    def read(self, key: str) -> Artifact | None: ...

    def keep(self, key: str, artifact: Artifact) -> None: ...

    def touch(self, key: str) -> bool: ...

    def exclusive(self, name: str) -> AbstractContextManager[object]: ...


class Bases:
    """The bases of one cache. Thread-safe."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.RLock()  # guards _known, and lets one thread read a base
        self._known: WeakValueDictionary[str, Base] = WeakValueDictionary()
        """by the runtime's key, as long as an image lies over one"""

    def find(self, runtime_key: str) -> Base | None:
        """Return the base of a runtime's snapshots, or None if the cache has none."""
        with self._lock:
            found = self._known.get(runtime_key)
            if found is not None:
                return found
            kept = self._store.read(runtime_key + _SUFFIX)
            if not isinstance(kept, Preparation):
                return None
            return self._remember(runtime_key, Base(kept.snapshot.memory))

    def find_or_make(self, preparation: Preparation) -> Base | None:
        """Return the base for *preparation*; if the cache has no base, make its memory the base.
        Return None if none can be kept."""
        key = preparation.runtime_key
        with self._store.exclusive(key + _SUFFIX):
            found = self.find(key)
            if found is None or not self._store.touch(key + _SUFFIX):  # damaged, or evicted
                with self._lock:
                    self._known.pop(key, None)
                self._store.keep(key + _SUFFIX, replace(preparation, key=key + _SUFFIX))
                found = self.find(key)
            return found

    def touch(self, runtime_key: str) -> None:
        """Record that the base was used: it must not be evicted before what lies over it."""
        self._store.touch(runtime_key + _SUFFIX)

    def _remember(self, runtime_key: str, base: Base) -> Base:
        self._known[runtime_key] = base
        if base.image is not None:
            base.image.keeps = base  # images that lie over it keep its image, and so the base
        return base
