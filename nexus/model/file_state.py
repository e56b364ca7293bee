"""Finds out, by a file's content, whether the file has changed.

Size and modification time are not enough: `cp -p` and `rsync --inplace --times` may keep both. Only
the kernel sets the time of the last status change (`ctime`), so a file with the same status is not
read again. But clocks of file systems are coarse: a file whose `ctime` is younger than `COARSE_S`
may have been written again since without a new `ctime`, so it is read each time.
"""

from __future__ import annotations

import hashlib
import os
import time
from functools import lru_cache
from pathlib import Path
from typing import Final, TypeAlias

FileState: TypeAlias = "tuple[bytes, int, int] | None"
"""Digest of the content, size in bytes and modification time in ns, or None if there is no such
file. The time is part of it so that after `touch` a file is loaded again which could not be loaded
for a reason outside it."""

COARSE_S: Final = 2.0
"""How far apart two changes must be for every file system to give them different times."""
_LARGEST_BYTES: Final = 64 << 20
"""Up to this size the content is read; larger files are compared by status alone. No handler and no
setting may be so large."""


def file_state(path: Path) -> FileState:
    """Return the state of the file at *path*; read the file only if its status has changed."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    status = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
    is_young = time.time() - found.st_ctime < COARSE_S
    digest = (_digest if is_young else _known_digest)(path, status)
    return digest, found.st_size, found.st_mtime_ns


def _digest(path: Path, status: tuple[int, ...]) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    if status[2] <= _LARGEST_BYTES:
        try:
            with path.open("rb") as file:
                while piece := file.read(1 << 20):
                    digest.update(piece)
        except OSError:  # the code that loads the file reports this error
            digest.update(repr(status).encode())
    else:
        digest.update(repr(status).encode())
    return digest.digest()


_known_digest = lru_cache(maxsize=4096)(_digest)
