"""Writes of several threads in one transaction."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from nexus.stores import connections
from nexus.stores.connections import Connections
from nexus.stores.group_commit import GroupCommit
from tests.support import until


class Table:
    """A table that a `GroupCommit` writes to, and the transactions it took."""

    def __init__(self, path: Path) -> None:
        self.path, self.commit, self.begun = path, GroupCommit(), 0
        self.connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.connection.execute("CREATE TABLE t (name TEXT PRIMARY KEY)")
        self.may_begin = threading.Event()
        self.may_begin.set()

    def begin(self, timeout_s: float) -> sqlite3.Connection:
        self.begun += 1
        assert self.may_begin.wait(20)
        self.connection.execute("BEGIN IMMEDIATE")
        return self.connection

    def insert(self, name: str, timeout_s: float = 20.0) -> str:
        def change(connection: sqlite3.Connection) -> str:
            connection.execute("INSERT INTO t VALUES (?)", (name,))
            if name == "refused":
                raise ValueError(name)
            if name == "undoes all" and self.begun == 1:
                connection.execute("ROLLBACK")  # as SQLite does when the disk is full
                raise sqlite3.OperationalError(name)
            return name

        return self.commit.write(change, self.begin, timeout_s)

    def names(self) -> set[str]:
        """Return what another connection sees."""
        other = sqlite3.connect(self.path)
        try:
            return {name for (name,) in other.execute("SELECT name FROM t")}
        finally:
            other.close()

    def together(self, *names: str) -> list[object]:
        """Insert *names* at once, in this order; return results and errors."""
        outcomes: list[object] = [None] * len(names)

        def run(number: int, name: str) -> None:
            try:
                outcomes[number] = self.insert(name)
            except (ValueError, sqlite3.Error) as error:
                outcomes[number] = error
            if outcomes[number] == name:
                assert name in self.names()  # durable, and visible to others

        self.may_begin.clear()
        threads = []
        for number, name in enumerate(names):
            threads.append(threading.Thread(target=run, args=(number, name)))
            threads[-1].start()
            until(lambda number=number: len(self.commit._waiting) > number)
        self.may_begin.set()
        for thread in threads:
            thread.join()
        return outcomes


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Table]:
    made = Table(tmp_path / "t.sqlite")
    yield made
    made.connection.close()


def test_writes_that_wait_share_a_transaction(table: Table) -> None:
    assert table.together("a", "b", "c", "d") == ["a", "b", "c", "d"]
    assert table.begun == 1
    assert table.insert("e") == "e"
    assert table.begun == 2
    assert table.names() == set("abcde")


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_write_that_fails_takes_back_itself_alone(table: Table, place: int) -> None:
    names = ["a", "b"]
    names.insert(place, "refused")
    outcomes = table.together(*names)
    assert isinstance(outcomes.pop(place), ValueError)
    assert outcomes == ["a", "b"]
    assert table.names() == {"a", "b"}
    assert table.begun == 1


def test_writes_are_done_again_when_sqlite_undid_all(table: Table) -> None:
    outcomes = table.together("a", "undoes all", "b", "refused")
    assert outcomes[0] == "a"
    assert isinstance(outcomes[1], sqlite3.OperationalError)
    assert str(outcomes[1]) == "undoes all"
    assert outcomes[2] == "b"
    assert isinstance(outcomes[3], ValueError)
    assert table.names() == {"a", "b"}


def test_a_write_that_waits_too_long_is_withdrawn(table: Table) -> None:
    table.may_begin.clear()
    leader = threading.Thread(target=table.insert, args=("a",))
    leader.start()
    until(lambda: table.begun == 1)
    for _ in range(2):
        with pytest.raises(TimeoutError, match="other writes"):
            table.insert("late", timeout_s=0.01)
    table.may_begin.set()
    leader.join()
    assert table.names() == {"a"}
    assert table.insert("late") == "late"


def test_another_thread_leads_when_no_transaction_begins(table: Table) -> None:
    def fail(timeout_s: float) -> sqlite3.Connection:
        until(lambda: len(table.commit._waiting) == 2)
        raise sqlite3.OperationalError("database is locked")

    failed: list[BaseException] = []

    def lead() -> None:
        try:
            table.commit.write(lambda connection: None, fail, 20.0)
        except sqlite3.OperationalError as error:
            failed.append(error)

    leader = threading.Thread(target=lead)
    leader.start()
    until(lambda: len(table.commit._waiting) == 1)
    assert table.insert("b") == "b"
    leader.join()
    assert [str(error) for error in failed] == ["database is locked"]


def test_an_interrupted_leader_fails_the_others_and_goes(table: Table) -> None:
    outcomes: list[object] = []

    def interrupted(connection: sqlite3.Connection) -> None:
        raise KeyboardInterrupt

    def lead() -> None:
        with pytest.raises(KeyboardInterrupt):
            table.commit.write(interrupted, table.begin, 20.0)

    def follow() -> None:
        with pytest.raises(sqlite3.OperationalError, match="interrupted"):
            table.insert("b")
        outcomes.append("failed")

    table.may_begin.clear()
    threads = [threading.Thread(target=lead), threading.Thread(target=follow)]
    for number, thread in enumerate(threads):
        thread.start()
        until(lambda number=number: len(table.commit._waiting) > number)  # type: ignore[misc]
    table.may_begin.set()
    for thread in threads:
        thread.join()
    assert outcomes == ["failed"]
    assert table.insert("c") == "c"
    assert table.names() == {"c"}


def test_a_connection_that_cannot_be_set_up_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "kv.sqlite").write_bytes(b"no database" * 100)
    made: list[sqlite3.Connection] = []
    connect = sqlite3.connect

    def keep(*args: object, **named: object) -> sqlite3.Connection:
        made.append(connect(*args, **named))  # type: ignore[call-overload]
        return made[-1]

    monkeypatch.setattr(connections.sqlite3, "connect", keep)
    with pytest.raises(sqlite3.DatabaseError):
        Connections(tmp_path / "kv.sqlite").own(1.0)
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        made[0].execute("SELECT 1")
