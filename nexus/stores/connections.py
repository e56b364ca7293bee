"""The connections to the SQLite store's file."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
from pathlib import Path
from typing import Final

from nexus.stores import schema

_SET_UP: Final = ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", *schema.CREATE)


class Connections:
    """A connection for each thread that reads, and one for writes. Thread-safe."""

    def __init__(self, path: Path) -> None:
        """Use the file at *path*; the first connection creates it."""
        self.path = path
        self._local = threading.local()
        self._lock = threading.Lock()  # guards _made
        self._made: list[sqlite3.Connection] = []
        self._writer: sqlite3.Connection | None = None

    def own(self, timeout_s: float) -> sqlite3.Connection:
        """Return the calling thread's connection. Raises: sqlite3.Error, OSError."""
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            found = self._local.connection = self._connect(timeout_s)
        return found

    def writer(self, timeout_s: float) -> sqlite3.Connection:
        """Return the connection for writes; one thread at a time calls this and uses it.

        Raises: sqlite3.Error, OSError.
        """
        if self._writer is None:
            self._writer = self._connect(timeout_s)
        return self._writer

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            made, self._made = self._made, []
        for connection in made:
            connection.close()
        self._local, self._writer = threading.local(), None

    def _connect(self, timeout_s: float) -> sqlite3.Connection:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # One process at a time turns the mode on: SQLite does not wait for that by itself.
        lock = os.open(self.path.with_suffix(".lock"), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            connection = sqlite3.connect(
                self.path, timeout=timeout_s, isolation_level=None, check_same_thread=False
            )
            try:
                for statement in _SET_UP:
                    connection.execute(statement)
            except BaseException:
                connection.close()
                raise
        finally:
            os.close(lock)
        with self._lock:
            self._made.append(connection)
        return connection
