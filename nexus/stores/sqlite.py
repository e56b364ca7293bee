"""A store in one SQLite file, which all workers of a machine share.

The file is in WAL mode, so reads wait for nobody; a write waits for the other writes. Each one is
flushed to the disk before it returns (`synchronous=FULL`), together with those that other threads
have begun meanwhile.
"""

from __future__ import annotations

import sqlite3
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
from nexus.stores.connections import Connections
from nexus.stores.group_commit import GroupCommit, roll_back

R = TypeVar("R")

FILE: Final = "kv.sqlite"
_LAST: Final = b"\xff"
"""sorts after every key: no UTF-8 has this byte"""


class SqliteStore:
    """See `nexus.plugin_api.stores.Store`."""

    is_remote = False

    def __init__(self, path: Path) -> None:
        """Use the file at *path*; the first call creates it."""
        self._connections = Connections(path)
        self._writes = GroupCommit()

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
        self._connections.close()

    # ---- connections ---------------------------------------------------------------------------

    def _write(self, change: Callable[[sqlite3.Connection], R], timeout_s: float) -> R:
        """Return what *change* returns, in a transaction."""
        with self._named():
            return self._writes.write(change, self._begin, timeout_s)

    def _begin(self, timeout_s: float) -> sqlite3.Connection:
        connection = self._connections.writer(timeout_s)
        connection.execute(f"PRAGMA busy_timeout = {max(1, int(timeout_s * 1000))}")
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.execute(schema.PURGE, (_now_ms(),))
        except BaseException:
            roll_back(connection)
            raise
        return connection

    @contextmanager
    def _connected(self, timeout_s: float) -> Iterator[sqlite3.Connection]:
        with self._named():
            yield self._connections.own(timeout_s)

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Turn the errors of SQLite and of the disk into the store's."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise StoreUnavailable(
                f"the store {self._connections.path.name} cannot be used: {error}"
            ) from error


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
