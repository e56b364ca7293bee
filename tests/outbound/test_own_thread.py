"""A lone request on its guest's own thread: when it goes there, when another thread takes it over,
and that its limits hold there too."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from threading import Event

import pytest

from nexus.model import FailureKind, Limits, OutboundFailure, OutboundRequest, OutboundResponse
from nexus.outbound.session import Session
from nexus.run import Execution
from tests.support import until

from .caller import LIMITS, Caller, outcome_of
from .name_server import NameServer
from .servers import Seen, Server, answer, in_chunks, redirect

Serve = Callable[..., Server]


class Counted(Caller):
    """A caller that counts the requests for which another thread was called."""

    threads = 0

    def __init__(self, names: NameServer, **limits: float) -> None:
        super().__init__(names.resolve, replace(LIMITS, **limits))  # type: ignore[arg-type]
        submit = self.client.submit

        def counted(job: Callable[[], None]) -> None:
            self.threads += 1
            submit(job)

        self.client.submit = counted  # type: ignore[method-assign]


@pytest.fixture
def counted(names: NameServer) -> Iterator[Counted]:
    found = Counted(names)
    yield found
    found.close()


def start(session: Session, url: str, **fields: object) -> None:
    assert isinstance(session.start(OutboundRequest("GET", url, **fields)), int)  # type: ignore[arg-type]


def whole(outcome: object) -> bytes:
    assert isinstance(outcome, OutboundResponse), outcome
    return outcome.body


def test_only_the_first_needs_another_thread(counted: Counted, serve: Serve) -> None:
    """It opens the connection."""
    waiting = Event()

    def answers(seen: Seen) -> bytes:
        assert seen.path == "/1" or waiting.wait(9)
        return answer(seen.path.encode())

    server = serve(answers=answers)
    session = counted.session(server.url)
    assert whole(outcome_of(session, f"{server.url}/1")) == b"/1"
    counted.client.wait_begins = waiting.set  # others may have its thread
    counted.client.wait_ends = waiting.clear
    for path in ("/2", "/3"):
        assert whole(outcome_of(session, server.url + path)) == path.encode()
        assert not waiting.is_set()
    assert (counted.threads, server.connections) == (1, 1)


def test_what_a_guest_does_not_wait_for_alone(counted: Counted, serve: Serve) -> None:
    server = serve()
    session, url = counted.session(server.url), f"{server.url}/"
    outcome_of(session, url)
    start(session, url)
    assert session.wait(1.0) is not None  # a timer is due before the request's end
    assert counted.threads == 2
    for _ in range(2):
        start(session, url)
    for _ in range(2):
        assert session.wait(None) is not None
    assert counted.threads == 4
    assert whole(outcome_of(session, url, method="POST", body=b"x" * 20_000)) == b"ok"
    assert counted.threads == 5


@pytest.mark.parametrize("otherwise", ["checkpoints", "blocks"])
def test_a_guest_that_does_not_wait_sends(counted: Counted, serve: Serve, otherwise: str) -> None:
    server = serve()
    session = counted.session(server.url)
    run = Execution("x-1", Limits(), time.monotonic() + 9)
    run.outbound = session
    start(session, f"{server.url}/")
    if otherwise == "blocks":
        run.give_way()
    else:
        run.checkpoint(-1)
        assert not counted.threads  # the guest may be about to wait
        run.checkpoint(-1)
    until(lambda: len(server.seen) == 1)
    ended = session.wait(None)
    assert ended is not None
    assert whole(ended[1]) == b"ok"


def test_a_dropped_one_is_not_sent(counted: Counted, serve: Serve) -> None:
    server = serve()
    session = counted.session(server.url)
    start(session, f"{server.url}/dropped")
    session.close()
    assert whole(outcome_of(session, f"{server.url}/")) == b"ok"
    assert [seen.path for seen in server.seen] == ["/"]


def test_a_redirect_to_another_origin_goes_on_elsewhere(counted: Counted, serve: Serve) -> None:
    other = serve(answers=lambda seen: answer(b"there"))
    server = serve(
        answers=lambda seen: redirect(f"{other.url}/x") if seen.path == "/go" else answer()
    )
    session = counted.session(server.url, other.url)
    outcome_of(session, f"{server.url}/")
    found = outcome_of(session, f"{server.url}/go")
    assert whole(found) == b"there"
    assert isinstance(found, OutboundResponse)
    assert found.redirected
    assert [seen.path for seen in server.seen] == ["/", "/go"]
    assert counted.threads == 2


def test_a_connection_that_was_closed_meanwhile(counted: Counted, serve: Serve) -> None:
    """Its server closes an idle connection at that moment."""
    server = serve(answers=lambda seen: b"" if len(server.seen) == 2 else answer())
    session = counted.session(server.url)
    assert [whole(outcome_of(session, f"{server.url}/")) for _ in range(2)] == [b"ok", b"ok"]
    assert (server.connections, counted.threads) == (2, 2)


def test_an_answer_that_trickles_ends_at_its_limit(names: NameServer, serve: Serve) -> None:
    """Each byte comes in time, but not their last."""
    caller = Counted(names, timeout_s=0.3)
    server = serve(answers=trickle)
    session = caller.session(server.url)
    outcome_of(session, f"{server.url}/")
    outcome = outcome_of(session, f"{server.url}/head")
    assert isinstance(outcome, OutboundFailure)
    assert outcome.kind is FailureKind.TIMEOUT
    caller.close()
    assert caller.threads == 1


def test_the_runs_deadline_ends_it(counted: Counted, serve: Serve) -> None:
    server = serve(answers=trickle)
    outcome_of(counted.session(server.url), f"{server.url}/")
    session = counted.session(server.url, timeout_s=0.1)
    start(session, f"{server.url}/body")
    assert session.wait(None) is None
    session.close()
    assert counted.threads == 1


def trickle(seen: Seen) -> bytes:
    """Answer `/` at once, `/head` and `/body` byte by byte until the client leaves."""
    if seen.path == "/":
        return answer()
    seen.send(b"HTTP/1.1 200 OK\r\nX: " if seen.path == "/head" else in_chunks(b"begun"))
    end = time.monotonic() + 9
    while time.monotonic() < end and not seen.wait_for_close(0.02):
        seen.send(b"x" if seen.path == "/head" else in_chunks(b"x", head=False))
    return b""
