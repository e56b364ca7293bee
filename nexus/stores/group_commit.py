"""Writes of several threads that share transactions, since flushing one to the disk takes long.

Writes that arrive while a transaction is flushed wait, and one of their threads then carries out
all of them in the next: it leads, the others sleep. A write that nobody else waits with is carried
out at once. Nobody returns before their write is on the disk.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final, Generic, TypeAlias, TypeVar

R = TypeVar("R")
Begin: TypeAlias = Callable[[float], sqlite3.Connection]
"""Returns a connection in a new transaction, which began within so many seconds"""

_INTERRUPTED: Final = "the thread that carried out the write was interrupted"


class Write(Generic[R]):
    """One thread's write, and its outcome."""

    def __init__(self, change: Callable[[sqlite3.Connection], R]) -> None:
        self._change = change
        self._outcome: Callable[[], R] | None = None
        self._woken = threading.Lock()  # held until the thread must go on
        self._woken.acquire()

    def sleep(self, timeout_s: float = -1) -> bool:
        """Wait for `wake`; return whether it came in time."""
        return self._woken.acquire(timeout=timeout_s)

    def wake(self) -> None:
        """Let the thread go on: its outcome is there, or it must lead."""
        self._woken.release()

    @property
    def has_ended(self) -> bool:
        return self._outcome is not None

    def apply(self, connection: sqlite3.Connection) -> None:
        """Carry out the change in the transaction of *connection*, and keep the result."""
        result = self._change(connection)
        self._outcome = lambda: result

    def fail(self, error: BaseException) -> None:
        """Keep *error* as the outcome."""

        def raise_it() -> R:
            raise error

        self._outcome = raise_it

    def outcome(self) -> R:
        """Return the change's result. Raises: the change's error."""
        assert self._outcome is not None
        return self._outcome()


class GroupCommit:
    """Carries out writes on one connection, which the leading thread alone uses. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards _waiting, _leader
        self._waiting: deque[Write[Any]] = deque()
        """the leader first, until it takes all of them"""
        self._leader: Write[Any] | None = None
        """the write whose thread leads, or has been woken to lead"""

    def write(self, change: Callable[[sqlite3.Connection], R], begin: Begin, timeout_s: float) -> R:
        """Return what *change* returns, once it is on the disk.

        Raises: TimeoutError if the write has not begun in *timeout_s*, the errors of *begin*, which
        is called if this thread leads, and of *change*, which then leaves no trace.
        """
        own, deadline = Write(change), time.monotonic() + timeout_s
        with self._lock:
            self._waiting.append(own)
            leads = self._leader is None
            if leads:
                self._leader = own
        if not leads and not own.sleep(max(0.0, timeout_s)):
            self._withdraw(own)
        if not own.has_ended:
            self._lead(own, lambda: begin(deadline - time.monotonic()))
        return own.outcome()

    def _withdraw(self, own: Write[R]) -> None:
        """Give *own* up, unless it is being carried out or leads: then sleep on."""
        with self._lock:
            if own in self._waiting and own is not self._leader:
                self._waiting.remove(own)
                raise TimeoutError("other writes took too long")
        own.sleep()

    def _lead(self, own: Write[R], begin: Callable[[], sqlite3.Connection]) -> None:
        """Carry out all that waits, *own* first, then let another thread lead."""
        taken: list[Write[Any]] = []
        try:
            self._carry_out(begin(), taken)
        except BaseException:
            for write in taken:
                write.fail(sqlite3.OperationalError(_INTERRUPTED))
            raise
        finally:
            self._hand_on(own, taken)

    def _carry_out(self, connection: sqlite3.Connection, taken: list[Write[Any]]) -> None:
        """Apply what waits, also what comes meanwhile; add it to *taken*, and commit."""
        try:
            while more := self._take():
                taken += more
                for write in more:
                    _apply(connection, write)
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            roll_back(connection)
            _carry_out_alone(connection, taken, error)
        except BaseException:
            roll_back(connection)
            raise

    def _take(self) -> Sequence[Write[Any]]:
        with self._lock:
            taken = tuple(self._waiting)
            self._waiting.clear()
        return taken

    def _hand_on(self, own: Write[R], taken: list[Write[Any]]) -> None:
        with self._lock:
            if not taken:  # no transaction began
                self._waiting.remove(own)
            following = self._leader = self._waiting[0] if self._waiting else None
        for write in taken:
            if write is not own:
                write.wake()
        if following is not None:
            following.wake()


def _apply(connection: sqlite3.Connection, write: Write[R]) -> None:
    """Apply *write*; one that fails takes back what it did, and nothing else.

    Raises: sqlite3.Error if SQLite has taken back the whole transaction.
    """
    connection.execute("SAVEPOINT one")
    try:
        write.apply(connection)
        connection.execute("RELEASE one")
    except Exception as error:
        if not connection.in_transaction:
            raise
        connection.execute("ROLLBACK TO one")
        connection.execute("RELEASE one")
        write.fail(error)


def _carry_out_alone(
    connection: sqlite3.Connection, writes: Sequence[Write[Any]], error: sqlite3.Error
) -> None:
    """Give each of *writes* a transaction of its own, as *error* ended the one they shared."""
    if len(writes) == 1:
        writes[0].fail(error)
        return
    for write in writes:
        try:
            connection.execute("BEGIN IMMEDIATE")
            _apply(connection, write)
            connection.execute("COMMIT")
        except sqlite3.Error as own:
            roll_back(connection)
            write.fail(own)


def roll_back(connection: sqlite3.Connection) -> None:
    """End the transaction of *connection* without effect."""
    if connection.in_transaction:  # some errors have ended it already
        connection.execute("ROLLBACK")
