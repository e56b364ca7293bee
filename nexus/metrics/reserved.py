"""Keeps prometheus_client's files from ending the process when the disk is full.

prometheus_client lengthens its files and maps them; blocks are taken when a page is first written,
and where none is left the kernel sends SIGBUS. Here blocks are reserved first. Figures for which
there is no room stay in memory: the process serves on, `/metrics` lacks them, and the log says so.
"""

from __future__ import annotations

import logging
import time
from typing import Final

from nexus.metrics.value_file import Figure, ValueFile

log = logging.getLogger("nexus.metrics")

RETRY_S: Final = 10.0
"""how long to go without a file, or without more room in it, before the next attempt"""


class ReservedFile:
    """What prometheus_client keeps one process's figures of one kind in. It holds its lock."""

    def __init__(self, filename: str) -> None:
        self._name = filename
        self._file: ValueFile | None = None
        self._unsaved: dict[str, Figure] = {}
        """figures for which there is no room in the file"""
        self._retry_at = 0.0

    def read_value(self, key: str) -> Figure:
        """Return the figure *key*; one that is new begins at 0."""
        if self._has_room(key):
            assert self._file is not None  # it has the key
            return self._file.read(key)
        return self._unsaved.setdefault(key, (0.0, 0.0))

    def write_value(self, key: str, value: float, timestamp: float) -> None:
        """Set the figure *key*."""
        if self._has_room(key):
            assert self._file is not None  # it has the key
            self._file.write(key, (value, timestamp))
        else:
            self._unsaved[key] = (value, timestamp)

    def close(self) -> None:
        """Close the file; what is not in it is lost."""
        if self._file is not None:
            self._file.close()
            self._file = None
        self._unsaved.clear()

    def _has_room(self, key: str) -> bool:
        """Return whether the file has *key*, after adding it if there is room."""
        if self._file is not None and key in self._file:
            return True
        if self._retry_at > time.monotonic():
            return False
        try:
            self._add(key)
        except OSError as error:
            if not self._retry_at:
                log.error(
                    "%s: no room for figures of this process (%s); they are not in /metrics",
                    self._name,
                    error.strerror,
                )
            self._retry_at = time.monotonic() + RETRY_S
            return False
        return True

    def _add(self, key: str) -> None:
        """Add *key*, and whatever had no room before. Raises: OSError."""
        if self._file is None:
            self._file = ValueFile(self._name)
        self._file.add(key)
        for other, figure in list(self._unsaved.items()):
            if other not in self._file:
                self._file.add(other)
            self._file.write(other, figure)
            del self._unsaved[other]
        if self._retry_at:
            self._retry_at = 0.0
            log.warning("%s: there is room again for this process's figures", self._name)


def reserve_blocks() -> None:
    """Have prometheus_client keep its figures in `ReservedFile`s; call before it makes any."""
    from prometheus_client import values  # it decides at import whether there are files at all

    # There is no public way; a test writes with one and reads with the other.
    values.MmapedDict = ReservedFile  # type: ignore[assignment, attr-defined]
