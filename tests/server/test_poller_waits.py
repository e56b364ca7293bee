"""Every wait ends: when the client does something, is too slow, or takes too much memory."""

from __future__ import annotations

import logging
import selectors
import time
from collections.abc import Iterator
from typing import Any

import pytest

from nexus.server import poller_waits
from nexus.server.limits import Allowance
from nexus.server.poller_waits import PollerWaits, Wait

from .conftest import Conn, Ends, pair

READ = selectors.EVENT_READ


class Waiting:
    """A poller with waits, and what became of them."""

    def __init__(self) -> None:
        self.poller = selectors.DefaultSelector()
        self.closed: list[Any] = []
        self.ready: list[Any] = []
        self.late: list[Any] = []
        self.waits = PollerWaits(self.poller, self.closed.append, 100)

    def begin(self, ends: Ends, timeout_s: float = 20, **fields: Any) -> Conn:
        conn = ends.conn()
        wait = Wait(conn, READ, Allowance(timeout_s), self.ready.append, self.late.append)
        for name, value in fields.items():
            setattr(wait, name, value)
        self.waits.begin(wait)
        return conn

    def poll(self) -> None:
        """As gunicorn's main loop does."""
        for key, _ in self.poller.select(0):
            key.data(key.fileobj)


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> Iterator[Waiting]:
    monkeypatch.setattr(poller_waits, "SWEEP_S", 0.0)
    monkeypatch.setattr(poller_waits, "STOP_SWEEP_S", 0.0)
    found = Waiting()
    yield found
    found.poller.close()


@pytest.fixture
def several() -> Iterator[list[Ends]]:
    makers = [pair() for _ in range(3)]
    yield [next(maker) for maker in makers]
    for maker in makers:
        assert next(maker, None) is None


def test_a_client_that_does_something(waiting: Waiting, several: list[Ends]) -> None:
    first, second = (waiting.begin(ends) for ends in several[:2])
    several[1].theirs.sendall(b"x")
    waiting.poll()
    assert waiting.ready == [second]
    waiting.waits.end(second)
    waiting.poll()
    assert waiting.ready == [second]
    assert len(waiting.waits) == 1
    assert waiting.waits.of(first) is not None


def test_one_that_takes_too_long(waiting: Waiting, several: list[Ends]) -> None:
    waiting.begin(several[0])
    late = waiting.begin(several[1], timeout_s=-1)
    waiting.waits.sweep()
    assert waiting.late == [late]
    assert waiting.waits.of(late) is None
    waiting.waits.sweep()
    assert waiting.late == [late]


def test_no_sweep_is_needed_where_nobody_waits(waiting: Waiting, several: list[Ends]) -> None:
    assert waiting.waits.pause_s() == float("inf")
    conn = waiting.begin(several[0])
    assert waiting.waits.pause_s() == poller_waits.SWEEP_S
    waiting.waits.end(conn)
    assert waiting.waits.pause_s() == float("inf")


def test_one_wait_follows_another(waiting: Waiting, stream: Ends) -> None:
    conn = waiting.begin(stream, timeout_s=-1, held_bytes=60)
    seen: list[Any] = []
    waiting.waits.begin(
        Wait(conn, selectors.EVENT_WRITE, Allowance(20), seen.append, seen.append, held_bytes=60)
    )
    waiting.waits.sweep()
    waiting.poll()
    assert (waiting.late, waiting.ready, seen) == ([], [], [conn])
    waiting.waits.begin(Wait(conn, 0, Allowance(20), seen.append, seen.append))
    waiting.poll()
    assert seen == [conn]
    assert not waiting.poller.get_map()


def test_an_event_of_one_that_ended_meanwhile(waiting: Waiting, several: list[Ends]) -> None:
    """The poller had told of both before the first was looked at."""
    conns = [waiting.begin(ends) for ends in several[:2]]

    def end_other(conn: Any) -> None:
        waiting.ready.append(conn)
        waiting.waits.end(conns[1 - conns.index(conn)])

    for conn, ends in zip(conns, several, strict=False):
        wait = waiting.waits.of(conn)
        assert wait is not None
        wait.ready = end_other
        ends.theirs.sendall(b"x")
    waiting.poll()
    assert len(waiting.ready) == 1


def test_the_slowest_go_when_memory_runs_out(waiting: Waiting, several: list[Ends]) -> None:
    """50 bytes a second, 1 and 20, of which 100 may be held."""
    conns = [waiting.begin(ends, held_bytes=30) for ends in several]
    for conn, rate in zip(conns, (50, 1, 20), strict=True):
        wait = waiting.waits.of(conn)
        assert wait is not None
        wait.allowance.since_s = time.monotonic() - 10
        wait.allowance.bytes = 10 * rate
    wait = waiting.waits.of(conns[0])
    assert wait is not None
    waiting.waits.hold(wait, 41)
    assert waiting.closed == [conns[1]]
    waiting.waits.hold(wait, 71)
    assert waiting.closed == [conns[1], conns[2]]


def test_room_is_made_by_the_one_that_waits_longest(waiting: Waiting, several: list[Ends]) -> None:
    """Whoever receives an answer is spared."""
    conns = [waiting.begin(ends, answers=at == 0) for at, ends in enumerate(several)]
    waiting.waits.make_room()
    waiting.waits.make_room()
    waiting.waits.make_room()
    assert waiting.closed == conns[1:]


def test_a_stop_ends_them_all(waiting: Waiting, several: list[Ends]) -> None:
    """Also those that begin then; answers have longer."""
    now = time.monotonic()
    conns = [waiting.begin(ends, answers=at == 0) for at, ends in enumerate(several[:2])]
    waiting.waits.stop(now - 1, now + 20)
    waiting.waits.sweep()
    assert waiting.late == [conns[1]]
    conns.append(waiting.begin(several[2]))
    waiting.waits.sweep()
    assert waiting.late == conns[1:]
    waiting.waits.drop_all()
    assert waiting.closed == [conns[0]]


def test_what_fails_costs_one_connection(
    waiting: Waiting, stream: Ends, caplog: pytest.LogCaptureFixture
) -> None:
    """It runs on the thread that accepts."""

    def fail(conn: Any) -> None:
        raise RuntimeError("a fault of ours")

    conn = waiting.begin(stream, ready=fail)
    stream.theirs.sendall(b"x")
    waiting.poll()
    assert waiting.closed == [conn]
    assert "a connection failed and is closed" in caplog.messages


def test_one_that_cannot_be_watched(
    waiting: Waiting, stream: Ends, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    stream.ours.release()
    conn = waiting.begin(stream)
    assert waiting.closed == [conn]
    assert len(waiting.waits) == 0


def test_a_wait_that_another_ones_end_has_ended_is_not_late(
    waiting: Waiting, several: list[Ends]
) -> None:
    """Its connection is closed by then, or a thread serves it."""
    conns: list[Conn] = []

    def drop_the_other(conn: Any) -> None:
        waiting.late.append(conn)
        waiting.waits.end(conns[1])

    conns += [
        waiting.begin(several[0], timeout_s=-1, late=drop_the_other),
        waiting.begin(several[1], timeout_s=-1),
        waiting.begin(several[2], timeout_s=-1),
    ]
    waiting.waits.sweep()
    assert waiting.late == [conns[0], conns[2]]
