"""Compiled code that pods share: each compiles a module once, and the others take the result.

An artifact is machine code, which an engine trusts completely. So the pods have a key in common,
and what lies in the store is `magic | HMAC-SHA256 | artifact file`, where the HMAC is over the
artifact's cache key and its bytes: nothing is read of it before that holds. The cache key names
engine, version, rewriter, CPU features, memory limit and the module itself.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Final, Protocol, TypeVar

from nexus.compiler.artifact import pack, unpack
from nexus.errors import ConfigError, StoreUnavailable
from nexus.model import Compiled

log = logging.getLogger("nexus.handlers")

T = TypeVar("T")

SETTING: Final = "artifact_key_file"
LEAST_KEY_BYTES: Final = 32
MOST_BYTES: Final = 128 << 20
"""Larger artifacts are not shared; CPython's code for LLVM has 30 MiB"""
AWAY_S: Final = 30.0
"""How long a store is left alone that could not be reached: a start with many handlers must not
wait for its timeout once for each"""
_MAGIC: Final = b"NXSIG001"
_MAC_BYTES: Final = 32
_START: Final = len(_MAGIC) + _MAC_BYTES


class ArtifactStore(Protocol):
    """The place that pods share. Every method raises StoreUnavailable if it cannot be reached."""

    def put_artifact(self, key: str, content: bytes) -> None:
        """Keep *content* under *key*, in the place of what was there."""
        ...

    def get_artifact(self, key: str) -> bytes | None:
        """Return what was put last under *key*, or None."""
        ...

    def artifacts(self) -> Mapping[str, int]:
        """Return the sizes of all artifacts in bytes, by key, the oldest first."""
        ...

    def delete_artifacts(self, keys: Collection[str]) -> None:
        """Delete the artifacts under *keys*."""
        ...

    def close(self) -> None:
        """Release the connection. The next call may open it again."""
        ...


class SharedArtifacts:
    """Takes artifacts from a store and puts them there. Thread-safe."""

    def __init__(
        self,
        store: ArtifactStore,
        key: bytes,
        observe: Callable[[str], None],
        max_bytes: Callable[[], int],
    ) -> None:
        """*observe* is called with `taken`, `missing`, `refused`, `put` or `failed`. *max_bytes*:
        limits the size of all artifacts in the store; beyond, the oldest are deleted."""
        self._store, self._key = store, key
        self._observe, self._max_bytes = observe, max_bytes
        self._lock = threading.Lock()  # one use of the store at a time, which opens and closes it
        self._again_at = 0.0
        """monotonic seconds: not before this is the store asked again"""

    def take(self, key: str) -> Compiled | None:
        """Return the compiled code with this *key*, or None if the store has none that holds."""
        try:
            with self._lock:
                if time.monotonic() < self._again_at:
                    return None
                found = self._used(lambda: self._store.get_artifact(key))
        except StoreUnavailable as error:
            log.warning("compiling without shared artifacts: %s", error)
            self._observe("failed")
            return None
        if found is None:
            self._observe("missing")
            return None
        artifact = self._checked(key, found)
        self._observe("refused" if artifact is None else "taken")
        return artifact

    def offer(self, compiled: Compiled) -> threading.Thread:
        """Put *compiled* into the store, on a thread of its own, which is returned: nothing that
        serves waits for it."""
        thread = threading.Thread(
            target=self._put, args=(compiled,), name="nexus-artifacts", daemon=True
        )
        thread.start()
        return thread

    # ---- inside -----------------------------------------------------------------------------

    def _checked(self, key: str, found: bytes) -> Compiled | None:
        content = found[_START:]
        if not hmac.compare_digest(found[:_START], _MAGIC + self._mac(key, content)):
            log.error(
                "the shared artifact %s has no valid signature by the key in %s: it was changed, "
                "or signed with another key; compiling instead",
                key,
                SETTING,
            )
            return None
        artifact = unpack(content, key)
        if not isinstance(artifact, Compiled):
            log.warning("the shared artifact %s is of another version; compiling instead", key)
            return None
        return artifact

    def _put(self, compiled: Compiled) -> None:
        content = pack(compiled, compressed=True)
        if len(content) > MOST_BYTES:
            log.info("%s is not shared: it has %d bytes", compiled.key, len(content))
            return
        signed = _MAGIC + self._mac(compiled.key, content) + content
        try:
            with self._lock:
                self._used(lambda: self._store.put_artifact(compiled.key, signed))
                self._used(lambda: self._tidy(compiled.key))
        except StoreUnavailable as error:
            log.warning("compiled code is not shared: %s", error)
            self._observe("failed")
        else:
            self._observe("put")

    def _used(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except StoreUnavailable:
            self._again_at = time.monotonic() + AWAY_S
            raise
        finally:
            self._store.close()

    def _tidy(self, keep: str) -> None:
        sizes = self._store.artifacts()
        excess = sum(sizes.values()) - self._max_bytes()
        gone = []
        for key, size in sizes.items():
            if excess <= 0:
                break
            if key != keep:
                gone.append(key)
                excess -= size
        if gone:
            self._store.delete_artifacts(gone)

    def _mac(self, key: str, content: bytes) -> bytes:
        # The prefix keeps this from being the signature of anything else made with the same key.
        signed = hmac.new(self._key, b"nexus artifact\0" + key.encode() + b"\0", hashlib.sha256)
        signed.update(content)
        return signed.digest()


def read_key(path: str) -> bytes | None:
    """Return the key in the file at *path*, or None if *path* is empty. Raises: ConfigError."""
    if not path:
        return None
    try:
        key = Path(path).read_bytes().strip()
    except OSError as error:
        raise ConfigError([f"{SETTING}: cannot read {path}: {error.strerror}"]) from error
    if len(key) < LEAST_KEY_BYTES:
        raise ConfigError(
            [
                f"{SETTING}: found {len(key)} bytes in {path}, allowed: at least "
                f"{LEAST_KEY_BYTES}, for example of `openssl rand -base64 32`"
            ]
        )
    return key
