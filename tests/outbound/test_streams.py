"""Long bodies of answers, which a guest reads part by part, on the host's side."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import replace
from threading import Event

import pytest

from nexus.model import (
    FailureKind,
    OutboundFailure,
    OutboundPart,
    OutboundRecord,
    OutboundResponse,
)
from nexus.outbound.session import MOST_OPEN, Session

from .caller import LIMITS, Caller, outcome_of
from .name_server import NameServer
from .servers import Seen, Server, answer, in_chunks

Serve = Callable[..., Server]
LONG = bytes(range(256)) * 1000


def begin(session: Session, url: str) -> int:
    """Send a request whose answer is long; return its number."""
    first = outcome_of(session, url, stream=True)
    assert isinstance(first, OutboundResponse)
    assert (first.more, first.body) == (True, b"")
    return next(reversed(session._open))


def part(session: Session, number: int) -> OutboundPart | OutboundFailure:
    """Read the next part of a body."""
    assert session.read(number)
    ended = session.wait(None)
    assert ended is not None
    assert ended[0] == number
    assert not isinstance(ended[1], OutboundResponse)
    return ended[1]


def rest(session: Session, number: int) -> bytes:
    """Read a body to its end."""
    body, more = b"", True
    while more:
        found = part(session, number)
        assert isinstance(found, OutboundPart), found
        body, more = body + found.body, found.more
    assert not session.read(number)
    return body


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(answer(LONG), id="length"),
        pytest.param(in_chunks(LONG[:100], LONG[100:], b""), id="chunks"),
        pytest.param(in_chunks(b""), id="empty"),
        pytest.param(in_chunks(gzip.compress(LONG), b"", encoding="gzip"), id="gzip"),
    ],
)
def test_a_long_body_comes_in_parts(content: bytes, caller: Caller, serve: Serve) -> None:
    """The connection serves again afterwards."""
    server = serve(answers=lambda seen: content)
    for _ in range(2):
        session = caller.session(server.url)
        wanted = LONG if len(content) > 99 else b""
        assert rest(session, begin(session, server.url)) == wanted
    assert server.connections == 1


def test_a_short_body_comes_at_once(caller: Caller, serve: Serve) -> None:
    server = serve()
    found = caller.get(server.url, server.url, stream=True)
    assert (found.body, found.more) == (b"ok", False)


def test_the_first_part_comes_before_the_last_is_sent(caller: Caller, serve: Serve) -> None:
    """Several bodies and requests are under way at once, and each wait returns what is there."""
    sent, release = Event(), Event()

    def slow(seen: Seen) -> bytes:
        seen.send(in_chunks(b"one"))
        sent.set()
        assert release.wait(9)
        return in_chunks(b"two", b"", head=False)

    server = serve(answers=lambda seen: slow(seen) if seen.path == "/slow" else answer())
    session = caller.session(server.url)
    number = begin(session, f"{server.url}/slow")
    assert part(session, number) == OutboundPart(b"one", True)
    assert session.read(number)
    assert isinstance(outcome_of(session, server.url), OutboundResponse)
    release.set()
    assert session.wait(None) == (number, OutboundPart(b"two", True))
    assert part(session, number) == OutboundPart(b"", False)


def test_the_limit_counts_all_parts(names: NameServer, serve: Serve) -> None:
    records: list[OutboundRecord] = []
    limits = replace(LIMITS, max_response_bytes=len(LONG) - 1)
    caller = Caller(names.resolve, limits, observe=records.append)
    server = serve(answers=lambda seen: answer(LONG))
    session = caller.session(server.url)
    number, found = begin(session, server.url), None
    while not isinstance(found, OutboundFailure):
        found = part(session, number)
    assert found.kind is FailureKind.TOO_LARGE
    assert not session.read(number)
    assert [record.outcome for record in records] == ["too_large"]
    caller.close()


def test_a_body_that_breaks_off_or_is_late(names: NameServer, serve: Serve) -> None:
    """Each failure is the body's, and its connection is closed."""
    release = Event()

    def answers(seen: Seen) -> bytes:
        seen.send(in_chunks(b"one"))
        if seen.path == "/late":
            release.wait(9)
        return b""

    caller = Caller(names.resolve, replace(LIMITS, timeout_s=0.5))
    server = serve(answers=answers)
    for path, kind in (("/breaks", FailureKind.FAILED), ("/late", FailureKind.TIMEOUT)):
        session = caller.session(server.url)
        number = begin(session, f"{server.url}{path}")
        assert part(session, number) == OutboundPart(b"one", True)
        found = part(session, number)
        assert isinstance(found, OutboundFailure)
        assert found.kind is kind
    release.set()
    caller.close()


def test_what_nobody_reads_on_is_closed_and_recorded(names: NameServer, serve: Serve) -> None:
    """A body that was not read to its end has been answered all the same."""
    records: list[OutboundRecord] = []
    closed: list[str] = []

    def answers(seen: Seen) -> bytes:
        seen.send(in_chunks(b"one"))
        assert seen.wait_for_close(9)
        closed.append(seen.path)
        return b""

    caller = Caller(names.resolve, observe=records.append)
    server = serve(answers=answers)
    session = caller.session(server.url)
    cancelled = begin(session, f"{server.url}/cancelled")
    part(session, cancelled)
    session.cancel(cancelled)
    assert not session.read(cancelled)
    begin(session, f"{server.url}/left")
    session.close()
    caller.close()
    server.wait_for_threads()
    assert sorted(closed) == ["/cancelled", "/left"]
    outcomes = [(one.outcome, one.status, one.received_bytes) for one in records]
    assert outcomes == [("answered", 200, 3), ("answered", 200, 0)]


def test_unread_answers_do_not_hold_up_others(names: NameServer, serve: Serve) -> None:
    """More of them than requests may be under way; of too many the oldest is closed."""
    caller = Caller(names.resolve, replace(LIMITS, max_concurrent=1))
    server = serve(answers=lambda seen: answer(LONG))
    session = caller.session(server.url, timeout_s=20)
    numbers = [begin(session, server.url) for _ in range(MOST_OPEN + 1)]
    assert not session.read(numbers[0])
    assert rest(session, numbers[1]) == LONG
    session.close()
    caller.close()
