"""The store: each call is one statement, which the server carries out as a whole."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any, Final

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout

from nexus.plugin_api.stores import Entry, NotACounter, StoreFull, StoreUnavailable, Terms
from nexus_store_postgresql import schema
from nexus_store_postgresql.connections import Connection, lent, make_pool

_LAST: Final = b"\xff"
"""sorts after every key: no UTF-8 has this byte"""
_CLOSE_S: Final = 0.5
"""The longest to wait for threads that connect"""


class PostgresqlStore:
    """See `nexus.plugin_api.stores.Store`."""

    is_remote = True

    def __init__(self, url: str, schema_name: str, max_connections: int) -> None:
        """Use the server at *url*, and there the schema of this name, with up to *max_connections*;
        the first call connects."""
        self._schema = schema_name
        self._url, self._most = url, max_connections
        self._lock = threading.Lock()  # guards _pool
        self._pool: ConnectionPool[Connection] | None = None
        self._get, self._list, self._write = (
            text.format(schema=schema_name) for text in (schema.GET, schema.LIST, schema.WRITE)
        )

    def get(self, namespace: str, key: str, timeout_s: float) -> bytes | None:
        rows = self._call(timeout_s, self._get, namespace, key.encode())
        return bytes(rows[0][0]) if rows else None

    def put(self, namespace: str, key: str, value: bytes, terms: Terms) -> None:
        self._change("put", namespace, key, None, value, None, terms)

    def delete(self, namespace: str, key: str, timeout_s: float) -> None:
        self._change("put", namespace, key, None, None, None, Terms(timeout_s, 0))

    def list(
        self, namespace: str, prefix: str, after: str, most: int, timeout_s: float
    ) -> Sequence[Entry]:
        first = prefix.encode()
        bounds = first, after.encode(), first + _LAST
        rows = self._call(timeout_s, self._list, namespace, *bounds, most)
        return [Entry(bytes(key).decode(), expires_ms) for key, expires_ms in rows]

    def increment(self, namespace: str, key: str, by: int, terms: Terms) -> int:
        _, total = self._change("increment", namespace, key, None, None, by, terms)
        return int(total)

    def compare_and_set(
        self, namespace: str, key: str, expected: bytes | None, value: bytes | None, terms: Terms
    ) -> bool:
        outcome, _ = self._change("swap", namespace, key, expected, value, None, terms)
        return outcome == "ok"

    def close(self) -> None:
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.close(_CLOSE_S)

    def _change(
        self,
        operation: str,
        namespace: str,
        key: str,
        expected: bytes | None,
        value: bytes | None,
        by: int | None,
        terms: Terms,
    ) -> tuple[str, bytes]:
        given = operation, namespace, key.encode(), expected, value, by
        rows = self._call(terms.timeout_s, self._write, *given, terms.ttl_ms, terms.most_bytes)
        outcome, found = rows[0]
        if outcome == "full":
            raise StoreFull(
                f"the namespace would have {bytes(found).decode()} bytes; kv_max_mb allows "
                f"{terms.most_bytes}"
            )
        if outcome == "nan":
            raise NotACounter("the value is not a whole number in decimal, or the sum is too large")
        return outcome, bytes(found or b"")

    def _call(self, timeout_s: float, statement: str, *values: object) -> Sequence[Any]:
        deadline = time.monotonic() + timeout_s
        try:
            with lent(self._opened(), deadline) as connection:
                # The name of a schema, which the options check, is all that was put into the text.
                return connection.execute(statement, values, binary=True).fetchall()
        except PoolTimeout as error:
            text = "postgresql: no connection in time; the log of psycopg.pool says why"
            raise StoreUnavailable(text) from error
        except (psycopg.Error, OSError) as error:
            raise StoreUnavailable(f"postgresql: {error}".strip()) from error

    def _opened(self) -> ConnectionPool[Connection]:
        with self._lock:
            if self._pool is None:
                self._pool = make_pool(self._url, self._most, self._configure)
                self._pool.open()
            return self._pool

    def _configure(self, connection: Connection) -> None:
        """Create what is missing; called once for each connection."""
        create = schema.CREATE.format(schema=self._schema)
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (schema.LOCK,))
            connection.execute(create)
