"""A store in one SQLite file, which all workers of a machine share.

The file is in WAL mode, so reads wait for nobody; a write waits for the other writes. Each one is
flushed to the disk before it returns (`synchronous=FULL`).
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

from nexus.plugin_api.settings import Settings
from nexus.plugin_api.stores import (
    Entry,
    StoreFull,
    StoreUnavailable,
    Terms,
    counted,
)
from nexus.stores import schema

R = TypeVar("R")

FILE: Final = "kv.sqlite"
_LAST: Final = b"\xff"
"""sorts after every key: no UTF-8 has this byte"""


class SqliteStore:
    """See `nexus.plugin_api.stores.Store`. Each thread has a connection of its own."""

    is_remote = False

    def __init__(self, path: Path) -> None:
        """Use the file at *path*; the first call creates it."""
        self._path = path
        self._local = threading.local()
        self._lock = threading.Lock()  # guards _connections
        self._connections: list[sqlite3.Connection] = []

    @classmethod
    def of(cls, settings: Settings) -> SqliteStore:
        """Return the store in `state_dir`."""
        return cls(settings.state_dir / FILE)

    def get(self, namespace: str, key: str, timeout_s: float) -> bytes | None:
        with self._connected(timeout_s) as connection:
            return _get(connection, namespace, key.encode())

    def put(self, namespace: str, key: str, value: bytes, terms: Terms) -> None:
        def put(connection: sqlite3.Connection) -> None:
            _put(connection, namespace, key.encode(), value, _expiry(terms), terms.most_bytes)

        self._write(put, terms.timeout_s)

    def delete(self, namespace: str, key: str, timeout_s: float) -> None:
        self._write(
            lambda connection: connection.execute(schema.DELETE, (namespace, key.encode())),
            timeout_s,
        )

    def list(
        self, namespace: str, prefix: str, after: str, most: int, timeout_s: float
    ) -> Sequence[Entry]:
        first = prefix.encode()
        bounds = namespace, first, after.encode(), first + _LAST, _now_ms(), most
        with self._connected(timeout_s) as connection:
            rows = connection.execute(schema.LIST, bounds).fetchall()
        return [Entry(key.decode(), expires_ms) for key, expires_ms in rows]

    def increment(self, namespace: str, key: str, by: int, terms: Terms) -> int:
        def add(connection: sqlite3.Connection) -> int:
            name = key.encode()
            total = counted(_get(connection, namespace, name), by)
            expires_ms = _expiry(terms)
            if expires_ms is None:
                given = (namespace, name, _now_ms())
                row = connection.execute(schema.EXPIRES, given).fetchone()
                expires_ms = row and row[0]
            value = str(total).encode()
            _put(connection, namespace, name, value, expires_ms, terms.most_bytes)
            return total

        return self._write(add, terms.timeout_s)

    def compare_and_set(
        self, namespace: str, key: str, expected: bytes | None, value: bytes | None, terms: Terms
    ) -> bool:
        def exchange(connection: sqlite3.Connection) -> bool:
            name = key.encode()
            if _get(connection, namespace, name) != expected:
                return False
            if value is None:
                connection.execute(schema.DELETE, (namespace, name))
            else:
                _put(connection, namespace, name, value, _expiry(terms), terms.most_bytes)
            return True

        return self._write(exchange, terms.timeout_s)

    def close(self) -> None:
        with self._lock:
            connections, self._connections = self._connections, []
        for connection in connections:
            connection.close()
        self._local = threading.local()

    # ---- connections ---------------------------------------------------------------------------

    def _write(self, change: Callable[[sqlite3.Connection], R], timeout_s: float) -> R:
        """Return what *change* returns, in one transaction."""
        with self._connected(timeout_s) as connection:
            connection.execute(f"PRAGMA busy_timeout = {max(1, int(timeout_s * 1000))}")
            connection.execute("BEGIN IMMEDIATE")
            try:
                connection.execute(schema.PURGE, (_now_ms(),))
                result = change(connection)
                connection.execute("COMMIT")
                return result
            except BaseException:
                if connection.in_transaction:  # some errors have ended it already
                    connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _connected(self, timeout_s: float) -> Iterator[sqlite3.Connection]:
        try:
            yield self._connection(timeout_s)
        except (sqlite3.Error, OSError) as error:
            raise StoreUnavailable(
                f"the store {self._path.name} cannot be used: {error}"
            ) from error

    def _connection(self, timeout_s: float) -> sqlite3.Connection:
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            found = self._local.connection = self._connect(timeout_s)
            with self._lock:
                self._connections.append(found)
        return found

    def _connect(self, timeout_s: float) -> sqlite3.Connection:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # One process at a time turns the mode on: SQLite does not wait for that by itself.
        lock = os.open(
            self._path.with_suffix(".lock"), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600
        )
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            made = sqlite3.connect(
                self._path, timeout=timeout_s, isolation_level=None, check_same_thread=False
            )
            made.execute("PRAGMA journal_mode = WAL")
            made.execute("PRAGMA synchronous = FULL")
            for statement in schema.CREATE:
                made.execute(statement)
            return made
        finally:
            os.close(lock)


def _get(connection: sqlite3.Connection, namespace: str, key: bytes) -> bytes | None:
    row = connection.execute(schema.GET, (namespace, key, _now_ms())).fetchone()
    return None if row is None else bytes(row[0])


def _put(
    connection: sqlite3.Connection,
    namespace: str,
    key: bytes,
    value: bytes,
    expires_ms: int | None,
    most_bytes: int,
) -> None:
    before = connection.execute(schema.SIZE, (namespace,)).fetchone()
    connection.execute(schema.PUT, (namespace, key, expires_ms, value))
    (size,) = connection.execute(schema.SIZE, (namespace,)).fetchone()
    if size > most_bytes and size > (before[0] if before else 0):
        raise StoreFull(f"the namespace would have {size} bytes; kv_max_mb allows {most_bytes}")


def _expiry(terms: Terms) -> int | None:
    return None if terms.ttl_ms is None else _now_ms() + terms.ttl_ms


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
