"""What tells that a file has changed: what is in it.

Size and modification time do not: `cp -p` and `rsync --inplace --times` may keep both. The kernel
alone sets the time of the last change of status (`ctime`), so a file whose status is as it was need
not be read again. Where that time is as young as the clock is coarse, the file may have been
written once more since, and is read at each look.
"""

from __future__ import annotations

import hashlib
import os
import time
from functools import lru_cache
from pathlib import Path
from typing import Final, TypeAlias

FileState: TypeAlias = "tuple[bytes, int, int] | None"
"""digest of the content, size in bytes, modification time in ns (so that `touch` has a file loaded
again that failed for a reason outside it); None: there is no such file"""

COARSE_S: Final = 2.0
"""how far apart changes must be for every file system to give them different times"""
_LARGEST_BYTES: Final = 64 << 20
"""files beyond are told by their status: no handler and no setting may be as large"""


def file_state(path: Path) -> FileState:
    """Return the state of the file at *path*, which is read only if its status has changed."""
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
        except OSError:  # who reads it for what it is says so
            digest.update(repr(status).encode())
    else:
        digest.update(repr(status).encode())
    return digest.digest()


_known_digest = lru_cache(maxsize=4096)(_digest)
