"""The artifact cache: a private folder, one file a key, one compilation a key over all workers."""

from __future__ import annotations

import fcntl
import logging
import os
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from nexus.handlers.artifact import pack, unpack
from nexus.model import Compiled

log = logging.getLogger("nexus.handlers")


class ArtifactCache:
    """Artifacts by key. Safe to share between processes and threads."""

    def __init__(self, folder: Path, observe: Callable[[str], None]) -> None:
        """*observe* hears of every request: `hit` or `miss`."""
        self._folder = folder / "artifacts"
        self._observe = observe

    def __contains__(self, key: str) -> bool:
        """Tell whether the folder has an artifact with this *key*."""
        return self._path(key).exists()

    def get_or_make(self, key: str, make: Callable[[], Compiled]) -> Compiled:
        """The artifact with this *key*, from the folder or else from *make*.

        While one process makes it, others wait for it. Where the folder cannot be used the
        artifact is made and used all the same, and the log says why.

        Raises: whatever *make* raises.
        """
        found = self._read(key)
        if found is None:
            with self._lock(key):
                found = self._read(key)
                if found is None:
                    self._observe("miss")
                    made = make()
                    self._write(key, made)
                    return made
        self._observe("hit")
        return found

    def exclusive(self, name: str) -> AbstractContextManager[object]:
        """Hold a lock called *name* that all processes on this folder share; where the folder
        cannot be used there is none."""
        return self._lock(name)

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.nxa"

    def _read(self, key: str) -> Compiled | None:
        path = self._path(key)
        try:
            content = path.read_bytes()
        except OSError:
            return None
        found = unpack(content, key)
        if found is None:
            log.warning("the artifact %s is damaged; compiling again", path)
        return found

    def _write(self, key: str, compiled: Compiled) -> None:
        try:
            handle, temporary = tempfile.mkstemp(dir=self._folder)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(pack(compiled))
                os.replace(temporary, self._path(key))
            except BaseException:
                os.unlink(temporary)
                raise
        except OSError as error:
            log.warning("the artifact was not kept: %s", error)

    def _lock(self, key: str) -> AbstractContextManager[object]:
        """Hold the key's lock file; the kernel lets it go when a process dies."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            file = open(self._folder / f"{key}.lock", "wb")  # noqa: SIM115  the caller closes it
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError as error:
            log.warning("the cache %s cannot be used: %s", self._folder, error)
            return nullcontext()
        return file
