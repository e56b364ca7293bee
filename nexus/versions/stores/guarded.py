"""Bounds how many threads a store holds that does not answer.

A call of such a store ends only at its timeout. Every request to the runtime API makes one, also
with a wrong token, and on the main port they share threads with handlers: without a bound, a few
requests a second would hold all of them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping
from typing import Final, TypeVar

from nexus.errors import StoreUnavailable
from nexus.versions.store import VersionStore

T = TypeVar("T")

AT_ONCE: Final = 2
"""calls under way: the follower's, and one of the API"""
WAIT_S: Final = 2.0
"""how long a call waits for one of these places"""
SLOW_S: Final = 1.0
"""A call that failed after this time has held its thread: until one succeeds, only one thread at a
time asks the store, once in RETRY_S, and all others fail at once"""
RETRY_S: Final = 1.0


class Guarded:
    """A store in the place of *store*, which it asks; see `nexus.versions.store`."""

    def __init__(self, store: VersionStore) -> None:
        self._store = store
        self.poll_s, self.is_shared = store.poll_s, store.is_shared
        self._places = threading.BoundedSemaphore(AT_ONCE)
        self._lock = threading.Lock()  # guards _reason and _again_at
        self._reason = ""
        """why the store does not answer; empty: it does"""
        self._again_at = 0.0
        """monotonic seconds: not before this is it asked again"""

    def tags(self) -> Mapping[str, str]:
        return self._ask(self._store.tags)

    def read(self, key: str) -> tuple[bytes, str] | None:
        return self._ask(lambda: self._store.read(key))

    def write(self, key: str, record: bytes, expected: str | None) -> str | None:
        return self._ask(lambda: self._store.write(key, record, expected))

    def put_blobs(self, blobs: Mapping[str, bytes]) -> None:
        self._ask(lambda: self._store.put_blobs(blobs))

    def get_blob(self, digest: str) -> bytes | None:
        return self._ask(lambda: self._store.get_blob(digest))

    def sweep(self, keep: Collection[str], older_than_s: float) -> int:
        return self._ask(lambda: self._store.sweep(keep, older_than_s))

    def put_artifact(self, key: str, content: bytes) -> None:
        self._ask(lambda: self._store.put_artifact(key, content))

    def get_artifact(self, key: str) -> bytes | None:
        return self._ask(lambda: self._store.get_artifact(key))

    def artifacts(self) -> Mapping[str, int]:
        return self._ask(self._store.artifacts)

    def delete_artifacts(self, keys: Collection[str]) -> None:
        self._ask(lambda: self._store.delete_artifacts(keys))

    def close(self) -> None:
        self._store.close()

    # ---- inside -----------------------------------------------------------------------------

    def _ask(self, work: Callable[[], T]) -> T:
        self._may_try()
        if not self._places.acquire(timeout=WAIT_S):
            self._note(None)
            raise StoreUnavailable(
                f"the store of versions has not answered {AT_ONCE} calls for {WAIT_S:g} s"
            )
        began = time.monotonic()
        try:
            made = work()
        except StoreUnavailable as error:
            is_slow = time.monotonic() - began > SLOW_S
            self._note(str(error) if self._reason or is_slow else None)
            raise
        except BaseException:
            self._note(None)
            raise
        finally:
            self._places.release()
        if self._reason:
            self._note("")
        return made

    def _note(self, reason: str | None) -> None:
        """Let others try again soon. *reason*: why the store does not answer, or empty; None: this
        call has not found out."""
        with self._lock:
            self._again_at = time.monotonic() + RETRY_S
            if reason is not None:
                self._reason = reason

    def _may_try(self) -> None:
        if not self._reason:
            return
        with self._lock:
            now = time.monotonic()
            if self._reason and now < self._again_at:
                raise StoreUnavailable(self._reason)
            self._again_at = float("inf")  # this thread tries; until it knows, no other does
