"""What the worker adds around a request; that it serves, `tests/e2e` shows."""

from __future__ import annotations

import logging
from types import SimpleNamespace

import pytest
from gunicorn.workers.gthread import ThreadWorker

from nexus.run.lane import SlowLane
from nexus.server.worker import NexusWorker


def worker(said: list[str], *, orders: bool) -> NexusWorker:
    """One that is as far as it needs to be to serve."""
    made = NexusWorker.__new__(NexusWorker)
    made.service = SimpleNamespace(orders=orders, lane=SlowLane())  # type: ignore[assignment]
    made._kept_alive = SimpleNamespace(  # type: ignore[assignment]
        before_wait=lambda: said.append("handed over")
    )
    made.log = logging.getLogger("gunicorn.error")
    return made


@pytest.mark.parametrize(
    ("orders", "expected"), [(True, ["handed over", "served"]), (False, ["served"])]
)
def test_where_a_policy_orders_all_requests_come_to_it(
    monkeypatch: pytest.MonkeyPatch, orders: bool, expected: list[str]
) -> None:
    """One thread that served them in order of arrival would leave it nothing to choose among."""
    said: list[str] = []
    monkeypatch.setattr(ThreadWorker, "handle", lambda self, conn: said.append("served") or True)
    assert worker(said, orders=orders).serve("connection")
    assert said == expected


def test_what_a_request_raises_ends_its_connection_and_no_more(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """SystemExit, too, with which gunicorn's own signal handlers end a thread."""

    def fail(self: ThreadWorker, conn: object) -> bool:
        raise SystemExit(1)

    monkeypatch.setattr(ThreadWorker, "handle", fail)
    assert not worker([], orders=False).serve("connection")
    assert caplog.messages == ["a request ended its connection"]
