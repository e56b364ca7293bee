"""Connections to the server: none waits longer than its caller may."""

from __future__ import annotations

import math
import select
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg_pool import ConnectionPool

T = TypeVar("T")

_LOOK_S: Final = 0.02
"""between two looks at the clock, while the server does not answer"""
_CONNECT_S: Final = 2
"""The shortest timeout that libpq accepts"""


class Connection(psycopg.Connection[Any]):
    """Gives up at `deadline`; it must be closed then, as the answer may still come."""

    deadline = math.inf
    """monotonic seconds"""

    def wait(self, gen: PQGen[T], interval: float = _LOOK_S, timeout: float | None = None) -> T:
        """Consume *gen*. Raises: TimeoutError at the deadline."""
        return super().wait(self._bounded(gen), min(interval, _LOOK_S), timeout)

    def _bounded(self, gen: PQGen[T]) -> PQGen[T]:
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if not ready and time.monotonic() >= self.deadline:
                    gen.close()
                    raise TimeoutError("the server did not answer in time")
                wanted = gen.send(ready)
        except StopIteration as stopped:
            found: T = stopped.value
            return found


def make_pool(
    url: str, most: int, configure: Callable[[Connection], None]
) -> ConnectionPool[Connection]:
    """Return a pool of up to *most* connections, which connects when it is opened."""
    return ConnectionPool(
        url,
        connection_class=Connection,
        # Without prepared statements it also works behind PgBouncer.
        kwargs={"autocommit": True, "prepare_threshold": None, "connect_timeout": _CONNECT_S},
        min_size=1,
        max_size=most,
        open=False,
        configure=configure,
        check=_check,
        name="nexus-store",
    )


@contextmanager
def lent(pool: ConnectionPool[Connection], deadline: float) -> Iterator[Connection]:
    """Lend a connection until *deadline*; close it unless its work has ended.

    Raises: psycopg.Error, TimeoutError.
    """
    with pool.connection(max(0.001, deadline - time.monotonic())) as connection:
        connection.deadline = deadline
        try:
            yield connection
        except TimeoutError:
            connection.close()
            raise
        finally:
            connection.deadline = math.inf


def _check(connection: Connection) -> None:
    """Ask the server for an answer if it has sent something. Raises: psycopg.Error, TimeoutError,
    if it has closed *connection*."""
    poller = select.poll()
    poller.register(connection.fileno(), select.POLLIN)
    if poller.poll(0):  # nothing was asked: it may be the server's farewell
        connection.deadline = time.monotonic() + _CONNECT_S
        connection.execute("SELECT 1")
