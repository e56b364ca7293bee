"""The store in an SQLite file of `state_dir`, which all workers on a machine share."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from nexus.errors import StoreUnavailable

FILE: Final = "versions.sqlite"
_BUSY_S: Final = 5.0
"""The longest to wait for another writer; a write takes some milliseconds"""
_SCHEMA: Final = """
create table if not exists records (
    key text primary key, revision integer not null, content blob not null
);
create table if not exists blobs (
    digest text primary key, put_at real not null, content blob not null
);
create table if not exists artifacts (
    key text primary key, put_at real not null, content blob not null
);
"""


class SqliteStore:
    """Records and blobs in one file; see `nexus.versions.store`.

    The file is made by the first write: reading a store that nobody has used leaves no trace.
    """

    poll_s = 0.25
    is_shared = False

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._lock = threading.Lock()  # guards _connection and its use
        self._connection: sqlite3.Connection | None = None

    def tags(self) -> Mapping[str, str]:
        with self._reading() as connection:
            if connection is None:
                return {}
            rows = connection.execute("select key, revision from records")
            return {key: str(revision) for key, revision in rows}

    def read(self, key: str) -> tuple[bytes, str] | None:
        with self._reading() as connection:
            if connection is None:
                return None
            query = "select content, revision from records where key = ?"
            row = connection.execute(query, (key,)).fetchone()
            return None if row is None else (row[0], str(row[1]))

    def write(self, key: str, record: bytes, expected: str | None) -> str | None:
        with self._writing() as connection:
            if expected is None:
                done = connection.execute(
                    "insert into records values (?, 1, ?) on conflict do nothing", (key, record)
                )
                return "1" if done.rowcount else None
            done = connection.execute(
                "update records set content = ?, revision = revision + 1 "
                "where key = ? and revision = ?",
                (record, key, int(expected)),
            )
            return str(int(expected) + 1) if done.rowcount else None

    def put_blobs(self, blobs: Mapping[str, bytes]) -> None:
        now = time.time()
        with self._writing() as connection:
            connection.executemany(
                "insert into blobs values (?, ?, ?) on conflict do update set put_at = ?",
                [(digest, now, content, now) for digest, content in blobs.items()],
            )

    def get_blob(self, digest: str) -> bytes | None:
        with self._reading() as connection:
            if connection is None:
                return None
            query = "select content from blobs where digest = ?"
            row = connection.execute(query, (digest,)).fetchone()
            return None if row is None else bytes(row[0])

    def sweep(self, keep: Collection[str], older_than_s: float) -> int:
        with self._writing() as connection:
            query = "select digest from blobs where put_at < ?"
            old = connection.execute(query, (time.time() - older_than_s,)).fetchall()
            gone = [row for row in old if row[0] not in keep]
            connection.executemany("delete from blobs where digest = ?", gone)
            return len(gone)

    def put_artifact(self, key: str, content: bytes) -> None:
        with self._writing() as connection:
            query = "insert or replace into artifacts values (?, ?, ?)"
            connection.execute(query, (key, time.time(), content))

    def get_artifact(self, key: str) -> bytes | None:
        with self._reading() as connection:
            if connection is None:
                return None
            query = "select content from artifacts where key = ?"
            row = connection.execute(query, (key,)).fetchone()
            return None if row is None else bytes(row[0])

    def artifacts(self) -> Mapping[str, int]:
        with self._reading() as connection:
            if connection is None:
                return {}
            query = "select key, length(content) from artifacts order by put_at"
            return dict(connection.execute(query).fetchall())

    def delete_artifacts(self, keys: Collection[str]) -> None:
        with self._writing() as connection:
            query = "delete from artifacts where key = ?"
            connection.executemany(query, [(key,) for key in keys])

    def close(self) -> None:
        with self._lock:
            connection, self._connection = self._connection, None
            if connection is not None:
                connection.close()

    # ---- the connection ---------------------------------------------------------------------

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        """Lend the connection; None if there is no file yet."""
        with self._lock, self._reported():
            if self._connection is None and not self._path.exists():
                yield None
                return
            yield self._opened()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Lend the connection within a transaction, which is committed at the end."""
        with self._lock, self._reported():
            connection = self._opened()
            # At once a writer: SQLite does not wait for the lock when a reader becomes one.
            connection.execute("begin immediate")
            try:
                yield connection
                connection.execute("commit")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("rollback")
                raise

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            make_private_folder(self._path.parent)
            connection = sqlite3.connect(
                self._path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
            )
            try:
                self._path.chmod(0o600)
                connection.execute("pragma journal_mode = wal")
                connection.execute("pragma synchronous = full")
                connection.executescript(_SCHEMA)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    @contextmanager
    def _reported(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise StoreUnavailable(
                f"the store {self._path} cannot be used: {error}; the setting state_dir must name "
                "a folder that the server may write to"
            ) from error


def make_private_folder(folder: Path) -> None:
    """Make *folder* for this user alone, and keep git from adding it. Raises: OSError."""
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (folder / ".gitignore").write_text("*\n")
