"""Keeps prometheus_client's files from ending the process when the disk is full.

prometheus_client lengthens its files and maps them. The file system allocates a block when a page
is first written; if no block is free, the kernel sends SIGBUS. So blocks are reserved here first.
Figures without a block stay in memory: the process serves on, `/metrics` lacks these figures, and
the log says so.
"""

from __future__ import annotations

import logging
import time
from typing import Final

from nexus.metrics.value_file import Figure, ValueFile

log = logging.getLogger("nexus.metrics")

RETRY_S: Final = 10.0
"""How long to wait after a failure before the next attempt to make or lengthen a file."""


class ReservedFile:
    """A file with one process's figures of one kind, in place of prometheus_client's `MmapedDict`.

    prometheus_client holds its own lock during each call.
    """

    def __init__(self, filename: str) -> None:
        self._name = filename
        self._file: ValueFile | None = None
        self._unsaved: dict[str, Figure] = {}
        """figures for which the file has no room"""
        self._retry_at = 0.0

    def read_value(self, key: str) -> Figure:
        """Return the figure *key*; a new one begins at 0."""
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
        """Close the file; figures that it had no room for are lost."""
        if self._file is not None:
            self._file.close()
            self._file = None
        self._unsaved.clear()

    def _has_room(self, key: str) -> bool:
        """Add *key* to the file if it is missing; return whether the file has it now."""
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
        """Add *key*, and all figures that had no room before. Raises: OSError."""
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
    """Let prometheus_client keep its figures in `ReservedFile`s; call this before it makes any."""
    from prometheus_client import values  # it decides at import whether there are files at all

    # prometheus_client has no public way; a test writes with one class and reads with the other.
    values.MmapedDict = ReservedFile  # type: ignore[assignment, attr-defined]
