"""The store in a PostgreSQL database, which servers on all machines share."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, TypeAlias, TypeVar

import psycopg
from psycopg import sql
from psycopg.abc import PQGen
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from nexus.errors import StoreUnavailable

T = TypeVar("T")
Connection: TypeAlias = "psycopg.Connection[tuple[Any, ...]]"

_SCHEMA: Final = """
create table if not exists nexus_version_records (
    key text primary key, revision bigint not null, content bytea not null
);
create table if not exists nexus_version_blobs (
    digest text primary key, put_at timestamptz not null, content bytea not null
);
create table if not exists nexus_version_artifacts (
    key text primary key, put_at timestamptz not null, content bytea not null
)
"""
_LOCK: Final = 0x6E657875  # any number of our own: two workers must not create a table at once
_SILENT_S: Final = 6.0
"""How long a server may say nothing, as it does while one statement takes. One that hangs keeps its
connections: neither the kernel's timeouts end a call then, nor its own"""
_OPTIONS: Final[Mapping[str, str | int]] = {
    "connect_timeout": 3,
    # A server that vanishes, not one that refuses: some ten seconds, not the kernel's hours.
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    "application_name": "nexus",
    "options": "-c statement_timeout=5s -c lock_timeout=3s",
}
"""Options of a connection; those in the URL win"""


class _Bounded(psycopg.Connection[tuple[Any, ...]]):
    """Gives up if the server is silent for long; it must be closed then."""

    def wait(self, gen: PQGen[T], *args: Any, **options: Any) -> T:
        """Consume *gen*. Raises: TimeoutError."""
        return super().wait(_impatient(gen), *args, **options)


def _impatient(gen: PQGen[T]) -> PQGen[T]:
    # psycopg sends 0 whenever it has waited for a tenth of a second in vain.
    heard_at, ready = time.monotonic(), None
    try:
        while True:
            ready = yield gen.send(ready)  # type: ignore[arg-type]
            now = time.monotonic()
            if ready:
                heard_at = now
            elif now - heard_at > _SILENT_S:
                gen.close()
                raise TimeoutError(f"the server has said nothing for {_SILENT_S:g} s")
    except StopIteration as ended:
        made: T = ended.value
        return made


class PostgresqlStore:
    """Records, blobs and artifacts in three tables; see `nexus.versions.store`.

    The first use connects, and makes the tables unless they exist: a role that may only read and
    write them will do once they do.
    """

    poll_s = 0.25
    is_shared = True

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.Lock()  # guards _connection and its use
        self._connection: Connection | None = None

    def tags(self) -> Mapping[str, str]:
        def find(connection: Connection) -> dict[str, str]:
            rows = connection.execute("select key, revision from nexus_version_records")
            return {key: str(revision) for key, revision in rows}

        return self._read(find)

    def read(self, key: str) -> tuple[bytes, str] | None:
        def find(connection: Connection) -> tuple[bytes, str] | None:
            query = "select content, revision from nexus_version_records where key = %s"
            row = connection.execute(query, (key,)).fetchone()
            return None if row is None else (bytes(row[0]), str(row[1]))

        return self._read(find)

    def write(self, key: str, record: bytes, expected: str | None) -> str | None:
        def replace(connection: Connection) -> str | None:
            if expected is None:
                done = connection.execute(
                    "insert into nexus_version_records values (%s, 1, %s) on conflict do nothing",
                    (key, record),
                )
                return "1" if done.rowcount else None
            done = connection.execute(
                "update nexus_version_records set content = %s, revision = revision + 1 "
                "where key = %s and revision = %s",
                (record, key, int(expected)),
            )
            return str(int(expected) + 1) if done.rowcount else None

        return self._use(replace)

    def put_blobs(self, blobs: Mapping[str, bytes]) -> None:
        query = (
            "insert into nexus_version_blobs values (%s, now(), %s) "
            "on conflict (digest) do update set put_at = now()"
        )

        def put(connection: Connection) -> None:
            with connection.transaction():
                for digest in sorted(blobs):  # in one order, lest two uploads lock each other out
                    connection.execute(query, (digest, blobs[digest]))

        self._use(put)

    def get_blob(self, digest: str) -> bytes | None:
        def find(connection: Connection) -> bytes | None:
            query = "select content from nexus_version_blobs where digest = %s"
            row = connection.execute(query, (digest,), binary=True).fetchone()
            return None if row is None else bytes(row[0])

        return self._read(find)

    def sweep(self, keep: Collection[str], older_than_s: float) -> int:
        query = (
            "delete from nexus_version_blobs where put_at < now() - make_interval(secs => %s) "
            "and not digest = any(%s)"
        )
        return self._use(lambda c: c.execute(query, (older_than_s, list(keep))).rowcount)

    def put_artifact(self, key: str, content: bytes) -> None:
        query = (
            "insert into nexus_version_artifacts values (%s, now(), %s) on conflict (key) "
            "do update set put_at = excluded.put_at, content = excluded.content"
        )
        self._use(lambda c: c.execute(query, (key, content)))

    def get_artifact(self, key: str) -> bytes | None:
        def find(connection: Connection) -> bytes | None:
            query = "select content from nexus_version_artifacts where key = %s"
            row = connection.execute(query, (key,), binary=True).fetchone()
            return None if row is None else bytes(row[0])

        return self._read(find)

    def artifacts(self) -> Mapping[str, int]:
        query = "select key, octet_length(content) from nexus_version_artifacts order by put_at"
        return self._read(lambda c: dict(c.execute(query).fetchall()))

    def delete_artifacts(self, keys: Collection[str]) -> None:
        query = "delete from nexus_version_artifacts where key = any(%s)"
        self._use(lambda c: c.execute(query, (list(keys),)))

    def close(self) -> None:
        with self._lock:
            self._drop()

    # ---- the connection ---------------------------------------------------------------------

    def _read(self, work: Callable[[Connection], T]) -> T:
        """Return what *work* does; once more if the server has closed an old connection."""
        was_open = self._connection is not None
        try:
            return self._use(work)
        except StoreUnavailable as error:
            if not was_open or isinstance(error.__cause__, TimeoutError):
                raise
        return self._use(work)

    def _use(self, work: Callable[[Connection], T]) -> T:
        with self._lock:
            try:
                return work(self._opened())
            except (psycopg.Error, TimeoutError) as error:
                self._drop()
                text = " ".join(str(error).split())
                raise StoreUnavailable(f"the store {self._url} cannot be used: {text}") from error

    def _opened(self) -> Connection:
        if self._connection is None:
            given = conninfo_to_dict(self._url)
            missing = {name: value for name, value in _OPTIONS.items() if name not in given}
            connection = _Bounded.connect(
                make_conninfo(self._url, **missing),
                autocommit=True,
                prepare_threshold=None,  # a pooler such as pgbouncer may lend another session
            )
            try:
                _make_tables(connection)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _make_tables(connection: Connection) -> None:
    tables = ("records", "blobs", "artifacts")
    query = "select " + ", ".join(f"to_regclass('nexus_version_{name}')" for name in tables)
    found = connection.execute(query).fetchone()
    if found is not None and None not in found:
        return
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
        for statement in _SCHEMA.split(";"):
            connection.execute(sql.SQL(statement))
