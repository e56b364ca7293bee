"""The artifact cache: a private folder of files by key, shared by all workers."""

from __future__ import annotations

import fcntl
import logging
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, TypeVar

from nexus.compiler.artifact import Artifact, Preparation, pack, unpack
from nexus.compiler.bases import Bases, is_base
from nexus.compiler.eviction import evict, sweep, touch
from nexus.compiler.shared import SharedArtifacts
from nexus.model import Compiled

log = logging.getLogger("nexus.handlers")

A = TypeVar("A", Compiled, Preparation)

_TEMPORARY = "new-"


class ArtifactCache:
    """Artifacts by key. Safe to share between processes and threads."""

    def __init__(
        self, folder: Path, observe: Callable[[str], None], max_bytes: int | None = None
    ) -> None:
        """*observe* is called with `hit` or `miss` for every request, and `eviction` for every
        deleted artifact. *max_bytes*: limits the size of all artifacts; None: no limit."""
        self._folder = folder / "artifacts"
        self._observe = observe
        self._max_bytes = max_bytes
        self._bases = Bases(self)
        self.shared: SharedArtifacts | None = None
        """compiled code that other machines made, or None: this one compiles all of its own"""

    def resize(self, max_bytes: int) -> None:
        """Set another limit, from the next artifact on."""
        self._max_bytes = max_bytes

    def __contains__(self, key: str) -> bool:
        """Return whether the folder has an artifact with this *key*."""
        return self._path(key).exists()

    def touch(self, key: str) -> bool:
        """Record that a caller used the artifact with this *key*, from its own copy; return whether
        the folder has it."""
        touch(self._path(key))
        return key in self

    def get_or_make(self, key: str, kind: type[A], make: Callable[[], A]) -> A:
        """Return the artifact with this *key* and *kind*, from the folder or else from *make*.

        While one process makes it, others wait for it. If the folder cannot be used, make and
        return the artifact without it, and log why.

        Raises: any error of *make*.
        """
        found = self._read(key)
        if not isinstance(found, kind):
            with self._lock(key):
                found = self._read(key)
                if not isinstance(found, kind):
                    self._observe("miss")
                    made = self._taken_or_made(key, kind, make)
                    self._write(key, made)
                    # What lies in the cache shares its base's memory.
                    kept = self._read(key) if isinstance(made, Preparation) else None
                    return kept if isinstance(kept, kind) else made
        self._observe("hit")
        return found

    def _taken_or_made(self, key: str, kind: type[A], make: Callable[[], A]) -> A:
        """Return what another machine made, or what *make* does. Only compiled code is shared: a
        snapshot takes less than a second to make."""
        if self.shared is None or kind is not Compiled:
            return make()
        taken = self.shared.take(key)
        if isinstance(taken, kind):
            return taken
        made = make()
        if isinstance(made, Compiled):
            self.shared.offer(made)
        return made

    def exclusive(self, name: str) -> AbstractContextManager[object]:
        """Hold a lock called *name* that all processes on this folder share; without a usable
        folder, lock nothing."""
        return self._lock(name)

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.nxa"

    def read(self, key: str) -> Artifact | None:
        """Return the artifact with this *key*, or None if the folder has none that can be used."""
        return self._read(key)

    def keep(self, key: str, artifact: Artifact) -> None:
        """Write an artifact. If that fails, log why."""
        self._write(key, artifact)

    def _read(self, key: str) -> Artifact | None:
        path = self._path(key)
        try:
            with open(path, "rb") as file:
                _check_owner(path, os.fstat(file.fileno()))
                # Do not map the file: that saves 3 ms, but kills the worker if a file is truncated.
                found = unpack(file.read(), key, self._bases.find)
        except FileNotFoundError:
            return None
        except OSError as error:
            log.warning("the artifact %s cannot be read; compiling again: %s", path, error)
            return None
        if found is None:
            log.warning("the artifact %s is damaged or of another version; compiling again", path)
        else:
            touch(path)
            if isinstance(found, Preparation):
                self._bases.touch(found.runtime_key)
        return found

    def _write(self, key: str, artifact: Artifact) -> None:
        base = None
        if isinstance(artifact, Preparation) and not is_base(key):
            base = self._bases.find_or_make(artifact)
        try:
            sweep(self._folder, _TEMPORARY)
            handle, temporary = tempfile.mkstemp(dir=self._folder, prefix=_TEMPORARY)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(pack(artifact, compressed=True, base=base))
                os.replace(temporary, self._path(key))
            except BaseException:
                os.unlink(temporary)
                raise
        except OSError as error:
            log.warning("the artifact was not kept, so the next start compiles again: %s", error)
            return
        if self._max_bytes is not None:
            for _ in range(evict(self._folder, ".nxa", self._max_bytes, self._path(key))):
                self._observe("eviction")

    @contextmanager
    def _lock(self, key: str) -> Iterator[None]:
        """Hold the key's lock file, and delete it; the kernel releases it when a process dies."""
        path = self._folder / f"{key}.lock"
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _make_private(self._folder)
            file = _locked(path)
        except OSError as error:
            log.warning(
                "every start compiles; the cache %s cannot be used: %s", self._folder, error
            )
            yield
            return
        with file:
            try:
                yield
            finally:
                with suppress(OSError):
                    path.unlink()  # each source text has a key of its own: they would add up


def _locked(path: Path) -> BinaryIO:
    """Return the file at *path*, made if need be, with a lock. Raises: OSError."""
    while True:
        file = open(path, "wb")  # noqa: SIM115  the caller closes it
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            if path.stat().st_ino == os.fstat(file.fileno()).st_ino:
                return file
        except FileNotFoundError:
            pass  # the process that held the lock has deleted the file
        except BaseException:
            file.close()
            raise
        file.close()


def _make_private(folder: Path) -> None:
    """Remove other users' access to *folder*. Raises: OSError if we do not own it."""
    status = folder.stat()
    _check_owner(folder, status)
    if status.st_uid == os.geteuid() and status.st_mode & 0o077:
        folder.chmod(0o700)


def _check_owner(path: Path, status: os.stat_result) -> None:
    """Check that *path* is ours, or root's (an image's): artifacts are machine code.

    Raises: PermissionError.
    """
    if status.st_uid not in (os.geteuid(), 0):
        raise PermissionError(f"{path} belongs to user {status.st_uid}, not to {os.geteuid()}")
