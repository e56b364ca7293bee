"""Least recently used artifacts make way: a file's modification time says when it was last used."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

_ABANDONED_S = 3600.0
"""a temporary file this old was left by a process that died; no compilation takes as long"""


def touch(path: Path) -> None:
    """Note that the artifact at *path* was used now. On a read-only disk nothing is noted."""
    with suppress(OSError):
        os.utime(path)


def evict(folder: Path, pattern: str, max_bytes: int, keep: Path) -> int:
    """Delete the files of *pattern* in *folder* used longest ago until those left take at most
    *max_bytes*; *keep* stays in any case. Return how many went.

    What another process has deleted meanwhile is no error.
    """
    found = []
    for path in folder.glob(pattern):
        with suppress(OSError):
            status = path.stat()
            found.append((status.st_mtime, status.st_size, path))
    total = sum(size for _, size, _ in found)
    evicted = 0
    for _, size, path in sorted(found):
        if total <= max_bytes:
            break
        if path == keep:
            continue
        with suppress(OSError):
            path.unlink()
            evicted += 1
        total -= size
    return evicted


def sweep(folder: Path, pattern: str) -> None:
    """Delete the files of *pattern* that nobody has written to for an hour."""
    old = time.time() - _ABANDONED_S
    for path in folder.glob(pattern):
        with suppress(OSError):
            if path.stat().st_mtime < old:
                path.unlink()
