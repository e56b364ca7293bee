"""A version's files on this machine's disk, where handlers are loaded from.

They lie in a folder named by the version's digest, which appears as a whole, by renaming. It can be
made again from the store at any time.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Final

from nexus.errors import StoreUnavailable
from nexus.versions.record import Version
from nexus.versions.upload import digest_of

log = logging.getLogger("nexus.versions")

_NEW: Final = ".new-"
_KEPT_S: Final = 3600.0
"""How long files stay that no version has any more: a load may have just begun"""


class Unpacked:
    """The folder of unpacked versions. Safe to share between processes and threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, digest: str, files: Mapping[str, bytes]) -> Path:
        """Return the folder with *files*, made now if there is none. Raises: StoreUnavailable."""
        try:
            return self._written(digest, files)
        except OSError as error:
            raise StoreUnavailable(
                f"no version can be unpacked in {self._folder}: {error.strerror or error}; the "
                "setting state_dir must name a folder that the server may write to"
            ) from error

    def _written(self, digest: str, files: Mapping[str, bytes]) -> Path:
        target = self._folder / digest
        if target.is_dir():
            return target
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        made = Path(tempfile.mkdtemp(prefix=_NEW, dir=self._folder))
        try:
            for path, content in files.items():
                _write(made / path, content)
            made.rename(target)
        except OSError:
            shutil.rmtree(made, ignore_errors=True)
            if not target.is_dir():  # another process has not made it meanwhile
                raise
        return target

    def of(self, version: Version, get_blob: Callable[[str], bytes | None]) -> Path:
        """Return the folder with the files of *version*, fetched by *get_blob* if need be.

        Raises: StoreUnavailable, also if the store lacks a file, or has another in its place.
        """
        target = self._folder / version.digest
        if target.is_dir():
            return target
        files = {}
        for path, file in version.files.items():
            content = get_blob(file.sha256)
            if content is None or digest_of(content) != file.sha256:
                what = "lacks" if content is None else "has other bytes for"
                raise StoreUnavailable(f"the store {what} the file {path} of {version.id}")
            files[path] = content
        return self.write(version.digest, files)

    def discard(self, digest: str) -> None:
        """Delete the files of a version that was not kept."""
        shutil.rmtree(self._folder / digest, ignore_errors=True)

    def tidy(self, keep: Collection[str]) -> None:
        """Delete what is old and not in *keep*, by digest."""
        try:
            old = [
                path
                for path in self._folder.iterdir()
                if path.name not in keep and path.stat().st_mtime < time.time() - _KEPT_S
            ]
        except OSError:
            return
        for path in old:
            shutil.rmtree(path, ignore_errors=True)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())  # the folder's name promises its content, after a power failure too
