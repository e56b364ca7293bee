"""What the worker adds around a request; that it serves, `tests/e2e` shows."""

from __future__ import annotations

import logging
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from gunicorn.workers.gthread import ThreadWorker

from nexus.errors import NexusError
from nexus.run.lane import SlowLane
from nexus.server.handed_over import HandedOver
from nexus.server.sockets.arrival import Arrival
from nexus.server.sockets.incoming import HeadIncomplete
from nexus.server.worker import NexusWorker

from .conftest import Conn, Ends


class Steps:
    """Says what would happen to a connection."""

    def following(self, conn: Conn, *, stays: bool) -> object:
        return None if stays else "closes"

    def keep(self, conn: Conn) -> str:
        return "kept"

    def close(self, conn: Conn) -> str:
        return "closed"

    def too_late(self) -> bool:
        return True

    def refuse(self, conn: Conn, error: NexusError) -> str:
        return error.code


def worker(said: list[str], *, orders: bool = False) -> NexusWorker:
    """One that is as far as it needs to be to serve."""
    made = NexusWorker.__new__(NexusWorker)
    made.service = SimpleNamespace(orders=orders, lane=SlowLane())  # type: ignore[assignment]
    made._kept_alive = SimpleNamespace(  # type: ignore[assignment]
        before_wait=lambda: said.append("handed over")
    )
    made._connections = Steps()  # type: ignore[assignment]
    made._handed_over = HandedOver()
    made.log = logging.getLogger("gunicorn.error")
    return made


def request(ends: Ends) -> Conn:
    ends.theirs.sendall(b"GET / HTTP/1.1\r\n\r\n")
    return ends.conn()


@pytest.mark.parametrize(
    ("orders", "expected"), [(True, ["handed over", "served"]), (False, ["served"])]
)
def test_where_a_policy_orders_all_requests_come_to_it(
    monkeypatch: pytest.MonkeyPatch, stream: Ends, orders: bool, expected: list[str]
) -> None:
    """One thread that served them in order of arrival would leave it nothing to choose among."""
    said: list[str] = []
    monkeypatch.setattr(ThreadWorker, "handle", lambda self, conn: said.append("served") or True)
    assert worker(said, orders=orders).serve(request(stream)) is None
    assert said == expected


def test_a_request_that_is_not_there_yet_takes_no_thread(
    monkeypatch: pytest.MonkeyPatch, stream: Ends
) -> None:
    monkeypatch.setattr(ThreadWorker, "handle", lambda self, conn: pytest.fail("served"))
    made = worker([])
    assert made.serve(stream.conn()) is None
    stream.theirs.sendall(b"POST / HTTP/1.1\r\nContent-Length: 9999999\r\n\r\n")
    step = made.serve(stream.conn())
    assert step is not None
    assert step() == "kept"  # type: ignore[func-returns-value]
    assert stream.ours.incoming.arrival() is Arrival.PART


def test_a_client_that_is_gone_is_closed(stream: Ends) -> None:
    stream.theirs.close()
    step = worker([]).serve(stream.conn())
    assert step is not None
    assert step() == "closed"  # type: ignore[func-returns-value]


def test_a_head_that_gunicorn_finds_incomplete_goes_back(
    monkeypatch: pytest.MonkeyPatch, stream: Ends
) -> None:
    def fail(self: ThreadWorker, conn: object) -> bool:
        raise HeadIncomplete

    monkeypatch.setattr(ThreadWorker, "handle", fail)
    step = worker([]).serve(request(stream))
    assert step is not None
    assert step() == "kept"  # type: ignore[func-returns-value]


@pytest.mark.parametrize(
    ("error", "messages"),
    [(SystemExit(1), ["a request ended its connection"]), (BrokenPipeError(), [])],
)
def test_what_a_request_raises_ends_its_connection_and_no_more(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    stream: Ends,
    error: BaseException,
    messages: list[str],
) -> None:
    """SystemExit, too, with which gunicorn's own signal handlers end a thread."""

    def fail(self: ThreadWorker, conn: object) -> bool:
        raise error

    monkeypatch.setattr(ThreadWorker, "handle", fail)
    assert worker([]).serve(request(stream)) == "closes"
    assert caplog.messages == messages


def test_what_no_thread_has_begun_is_refused_when_the_worker_stops(
    monkeypatch: pytest.MonkeyPatch, stream: Ends
) -> None:
    """It would take as long again as all that runs."""
    steps: list[Callable[[], object]] = []
    monkeypatch.setattr(ThreadWorker, "handle", lambda self, conn: pytest.fail("served"))
    made = worker([])
    monkeypatch.setattr(made, "on_main_thread", steps.append)
    made._serve_first(request(stream))
    assert [step() for step in steps] == ["SHUTTING_DOWN"]


def test_a_large_body_makes_way_for_the_next_whatever_happens(
    monkeypatch: pytest.MonkeyPatch, stream: Ends
) -> None:
    done: list[int] = []
    conn = request(stream)
    stream.ours.incoming.arrival()
    stream.ours.incoming.read_part(lambda: done.append(1))
    monkeypatch.setattr(ThreadWorker, "handle", lambda self, conn: False)
    assert worker([]).serve(conn) == "closes"
    assert done == [1]
