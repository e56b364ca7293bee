"""Deletes the least recently used artifacts: a file's modification time says when it was used."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

_ABANDONED_S = 3600.0
"""A temporary file older than this is deleted: its process died, as no compilation takes so long"""


def touch(path: Path) -> None:
    """Record that the artifact at *path* was used now; do nothing on a read-only disk."""
    with suppress(OSError):
        os.utime(path)


def evict(folder: Path, suffix: str, max_bytes: int, keep: Path) -> int:
    """Delete the least recently used files with *suffix* in *folder* until the rest takes up to
    *max_bytes*, but never *keep*. Return how many were deleted.

    Ignore files that another process has deleted meanwhile.
    """
    found = []
    with os.scandir(folder) as entries:  # of which there may be thousands: `Path.glob` is slower
        for entry in entries:
            if entry.name.endswith(suffix):
                with suppress(OSError):
                    status = entry.stat()
                    found.append((status.st_mtime, status.st_size, entry.path))
    total = sum(size for _, size, _ in found)
    evicted = 0
    for _, size, path in sorted(found):
        if total <= max_bytes:
            break
        if path == str(keep):
            continue
        with suppress(OSError):
            os.unlink(path)
            evicted += 1
        total -= size
    return evicted


def sweep(folder: Path, prefix: str) -> None:
    """Delete the files with *prefix* that were last written over an hour ago."""
    old = time.time() - _ABANDONED_S
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(prefix):
                with suppress(OSError):
                    if entry.stat().st_mtime < old:
                        os.unlink(entry)
