"""Outbound requests on the host's side: answers, redirects, limits, connections."""

from __future__ import annotations

import gzip
import socket
import ssl
import time
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from nexus.model import (
    FailureKind,
    OutboundFailure,
    OutboundRecord,
    OutboundRequest,
    OutboundResponse,
)
from tests.support import until

from .caller import LIMITS, Caller, outcome_of
from .name_server import NameServer
from .servers import Last, Seen, Server, answer, redirect

Serve = Callable[..., Server]
CERTIFICATE = Path(__file__).parent / "certificate.pem"


def test_an_answer_comes_whole(caller: Caller, serve: Serve) -> None:
    server = serve(answers=lambda seen: answer(b"body", "201 Made", X_A="1", Set_Cookie="a=b"))
    found = caller.get(
        f"{server.url}/x?y=1", server.url, method="POST", body=b"sent", headers=[("X-B", "é")]
    )
    assert found == OutboundResponse(
        url=f"{server.url}/x?y=1",
        status=201,
        reason="Made",
        headers=[("content-length", "4"), ("x-a", "1"), ("set-cookie", "a=b")],
        body=b"body",
    )
    (seen,) = server.seen
    assert (seen.method, seen.path, seen.body) == ("POST", "/x?y=1", b"sent")
    assert seen.header("x-b") == "é"


def test_a_name_serves_for_host_and_certificate(names: NameServer, serve: Serve) -> None:
    """The connection goes to the checked address, the name to the server."""
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(CERTIFICATE)
    server = serve(tls=server_side)
    asked: list[str] = []
    server_side.sni_callback = lambda sock, name, context: asked.append(name)
    trusting = ssl.create_default_context(cafile=str(CERTIFICATE))
    caller = Caller(names.resolve, tls=trusting)
    names.add("api.test", ["127.0.0.1"])
    names.add("other.test", ["127.0.0.1"])
    grants = (f"*:{server.port}", server.url)
    try:
        assert caller.get(f"https://api.test:{server.port}/", *grants).body == b"ok"
        wrong_name = caller.failure(f"https://other.test:{server.port}/", *grants)
    finally:
        caller.close()
    assert asked == ["api.test", "other.test"]
    assert server.seen[0].header("host") == f"api.test:{server.port}"
    assert len(server.seen) == 1
    assert wrong_name.kind is FailureKind.FAILED
    assert "TLS failed" in wrong_name.message


def test_a_certificate_of_nobody_is_not_trusted(caller: Caller, serve: Serve) -> None:
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(CERTIFICATE)
    server = serve(tls=server_side)
    assert caller.failure(f"{server.url}/", server.url).kind is FailureKind.FAILED
    assert not server.seen


# ---- redirects -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "sent", "followed"),
    [
        (301, "POST", "GET"),
        (302, "POST", "GET"),
        (303, "PUT", "GET"),
        (307, "POST", "POST"),
        (308, "POST", "POST"),
        (301, "PUT", "PUT"),
        (303, "HEAD", "HEAD"),
    ],
)
def test_what_a_redirect_changes(
    status: int, sent: str, followed: str, caller: Caller, serve: Serve
) -> None:
    def answers(seen: Seen) -> bytes:
        return redirect("/there", status) if seen.path == "/" else answer(b"")

    server = serve(answers=answers)
    body = b"" if sent == "HEAD" else b"body"
    headers = [("Content-Type", "text/x"), ("Authorization", "token")]
    found = caller.get(f"{server.url}/", server.url, method=sent, body=body, headers=headers)
    assert (found.url, found.redirected) == (f"{server.url}/there", True)
    second = server.seen[1]
    kept = followed != "GET"
    assert (second.method, second.body) == (followed, body if kept else b"")
    assert second.header("content-type") == ("text/x" if kept else None)
    assert second.header("authorization") == "token"


def test_credentials_stay_at_their_origin(caller: Caller, serve: Serve) -> None:
    other = serve()
    first = serve(answers=lambda seen: redirect(f"{other.url}/"))
    headers = [("Authorization", "secret"), ("Cookie", "a=1"), ("X-A", "1")]
    caller.get(f"{first.url}/", first.url, other.url, headers=headers)
    assert first.seen[0].header("authorization") == "secret"
    (seen,) = other.seen
    assert [seen.header(name) for name in ("authorization", "cookie", "x-a")] == [None, None, "1"]


def test_ten_redirects_are_followed_and_no_more(caller: Caller, serve: Serve) -> None:
    def answers(seen: Seen) -> bytes:
        left = int(seen.path[1:])
        return redirect(f"/{left - 1}") if left else answer()

    server = serve(answers=answers)
    assert caller.get(f"{server.url}/10", server.url).url == f"{server.url}/0"
    server.seen.clear()
    assert "more than 10 redirects" in caller.failure(f"{server.url}/11", server.url).message
    assert len(server.seen) == 11


def test_a_redirect_may_be_kept_or_refused(caller: Caller, serve: Serve) -> None:
    server = serve(answers=lambda seen: redirect("/there"))
    found = caller.get(f"{server.url}/", server.url, redirect="manual")
    assert (found.status, ("location", "/there") in found.headers) == (302, True)
    assert "redirects" in caller.failure(f"{server.url}/", server.url, redirect="error").message
    assert caller.failure(f"{server.url}/", server.url, redirect="x").kind is FailureKind.INVALID


# ---- bodies ----------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_compressed_body_comes_decoded(encoding: str, caller: Caller, serve: Serve) -> None:
    compress = gzip.compress if encoding == "gzip" else zlib.compress
    server = serve(answers=lambda seen: answer(compress(b"text" * 99), Content_Encoding=encoding))
    found = caller.get(f"{server.url}/", server.url)
    assert (found.body, found.headers) == (b"text" * 99, [])


def test_an_unknown_encoding_comes_as_it_is(caller: Caller, serve: Serve) -> None:
    server = serve(answers=lambda seen: answer(b"?", Content_Encoding="x-own"))
    found = caller.get(f"{server.url}/", server.url)
    assert (found.body, ("content-encoding", "x-own") in found.headers) == (b"?", True)


@pytest.mark.parametrize("framing", ["length", "chunked", "gzip", "until the end"])
def test_a_body_over_the_limit_is_a_failure(framing: str, caller: Caller, serve: Serve) -> None:
    content = bytes((1 << 20) + 1)
    chunk = b"%x\r\n%b\r\n0\r\n\r\n" % (len(content), content)
    answers = {
        "length": answer(content),
        "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk,
        "gzip": answer(gzip.compress(content), Content_Encoding="gzip"),
        "until the end": Last(b"HTTP/1.0 200 OK\r\n\r\n" + content),
    }
    server = serve(answers=lambda seen: answers[framing])
    failure = caller.failure(f"{server.url}/", server.url)
    assert failure.kind is FailureKind.TOO_LARGE
    assert "1048576" in failure.message


def test_a_request_body_over_the_limit_is_not_sent(caller: Caller, serve: Serve) -> None:
    server = serve()
    session = caller.session(server.url, max_request_bytes=3)
    failure = outcome_of(session, f"{server.url}/", method="POST", body=b"four")
    assert isinstance(failure, OutboundFailure)
    assert "max_request_bytes" in failure.message
    assert not server.connections


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"nothing of the kind\r\n\r\n",
        b"HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X-A: 1\r\n" * 101 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX-A: " + bytes(70_000) + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Encoding: gzip\r\n\r\nabc",
    ],
)
def test_an_answer_that_is_none_is_a_failure(sent: bytes, caller: Caller, serve: Serve) -> None:
    server = serve(answers=lambda seen: Last(sent))
    failure = caller.failure(f"{server.url}/", server.url)
    assert failure.kind is FailureKind.FAILED


def test_what_cannot_be_reached_is_a_failure(caller: Caller, names: NameServer) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    assert caller.failure(f"{url}/", url).message == f"{url}: no connection"
    assert "no address" in caller.failure("http://unknown.test/", "*").message
    assert names.asked == ["unknown.test"]


# ---- time ------------------------------------------------------------------------------------


def test_a_slow_answer_ends_at_the_limit(names: NameServer, serve: Serve) -> None:
    caller = Caller(names.resolve, replace(LIMITS, timeout_s=0.05))
    release = Event()
    server = serve(answers=lambda seen: answer() if release.wait(9) else b"")
    failure = caller.failure(f"{server.url}/", server.url)
    release.set()
    caller.close()
    assert failure.kind is FailureKind.TIMEOUT
    assert "http_timeout_ms (50)" in failure.message


def test_the_runs_deadline_ends_the_wait(caller: Caller, serve: Serve) -> None:
    release = Event()
    server = serve(answers=lambda seen: answer() if release.wait(9) else b"")
    session = caller.session(server.url, timeout_s=0.05)
    assert session.start(OutboundRequest("GET", f"{server.url}/")) == 1
    assert session.wait(None) is None
    session.close()
    release.set()
    assert session.pending == 0


def test_the_runs_deadline_counts_where_a_request_ends_with_it(
    caller: Caller, serve: Serve
) -> None:
    release = Event()
    server = serve(answers=lambda seen: answer() if release.wait(9) else b"")
    session = caller.session(server.url, timeout_s=0.05)
    session.start(OutboundRequest("GET", f"{server.url}/"))
    session.send_now()
    until(lambda: not session._done.empty())
    assert session.wait(None) is None
    session.close()
    release.set()


def test_several_requests_are_under_way_at_once(caller: Caller, serve: Serve) -> None:
    """The first answer waits for the third request."""
    third = Event()

    def answers(seen: Seen) -> bytes:
        if seen.path == "/3":
            third.set()
        return answer(seen.path.encode()) if third.wait(9) else b""

    server = serve(answers=answers)
    session = caller.session(server.url)
    numbers = {session.start(OutboundRequest("GET", f"{server.url}/{n}")) for n in (1, 2, 3)}
    assert numbers == {1, 2, 3}
    ended = [session.wait(None) for _ in numbers]
    bodies = {found[0]: found[1].body for found in ended if found is not None}  # type: ignore[union-attr]
    assert bodies == {1: b"/1", 2: b"/2", 3: b"/3"}


def test_further_requests_wait_for_a_place(caller: Caller, serve: Serve) -> None:
    release = Event()
    server = serve(answers=lambda seen: answer() if release.wait(9) else b"")
    session = caller.session(server.url)
    for _ in range(6):
        session.start(OutboundRequest("GET", f"{server.url}/"))
    while len(server.seen) < LIMITS.max_concurrent:
        assert session.wait(0.01) is None
    release.set()
    ended = [session.wait(None) for _ in range(6)]
    assert all(ended)
    assert len(server.seen) == 6


def test_a_cancelled_request_is_not_waited_for(caller: Caller, serve: Serve) -> None:
    release = Event()

    def answers(seen: Seen) -> bytes:
        return answer() if seen.path == "/quick" or release.wait(9) else b""

    server = serve(answers=answers)
    session = caller.session(server.url)
    slow = [session.start(OutboundRequest("GET", f"{server.url}/slow")) for _ in range(5)]
    for number in slow:
        assert isinstance(number, int)
        session.cancel(number)
    session.cancel(99)
    quick = session.start(OutboundRequest("GET", f"{server.url}/quick"))
    ended = session.wait(None)
    assert ended is not None
    assert ended[0] == quick
    release.set()


def test_an_abandoned_connection_attempt_frees_its_thread(caller: Caller) -> None:
    """A server that answers no SYN: the listen queue is full."""
    full, waiting = socket.socket(), []
    full.bind(("127.0.0.1", 0))
    full.listen(0)
    url = "http://{}:{}".format(*full.getsockname())
    for _ in range(4):
        filler = socket.socket()
        filler.setblocking(False)
        filler.connect_ex(full.getsockname())
        waiting.append(filler)
    session = caller.session(url, timeout_s=30)
    number = session.start(OutboundRequest("GET", f"{url}/"))
    assert isinstance(number, int)
    assert session.wait(0.1) is None
    (exchange,) = session._threads
    session.cancel(number)
    until = time.monotonic() + 5
    while not exchange.ended and time.monotonic() < until:
        time.sleep(0.01)
    for sock in (full, *waiting):
        sock.close()
    assert exchange.ended


# ---- connections -----------------------------------------------------------------------------


def test_a_connection_serves_again(caller: Caller, serve: Serve) -> None:
    server = serve()
    for _ in range(3):
        caller.get(f"{server.url}/", server.url)
    assert [seen.connection for seen in server.seen] == [1, 1, 1]


@pytest.mark.parametrize(("method", "arrives"), [("GET", 3), ("POST", 2)])
def test_a_connection_that_breaks_when_used_again(
    method: str, arrives: int, caller: Caller, serve: Serve
) -> None:
    """The server closes it as the second request comes: that may be sent again only if it is
    harmless to do so."""

    def answers(seen: Seen) -> bytes:
        return b"" if seen.connection == 1 and len(server.seen) == 2 else answer()

    server = serve(answers=answers)
    caller.get(f"{server.url}/", server.url)
    second = caller.send(f"{server.url}/", [server.url], method=method)
    assert isinstance(second, OutboundResponse if method == "GET" else OutboundFailure)
    assert len(server.seen) == arrives


def test_a_closed_client_sends_nothing(caller: Caller, serve: Serve) -> None:
    server = serve()
    session = caller.session(server.url)
    caller.close()
    failure = outcome_of(session, f"{server.url}/")
    assert failure == OutboundFailure(FailureKind.FAILED, "the server is shutting down")
    assert not server.connections


# ---- records ---------------------------------------------------------------------------------


def test_each_request_is_recorded_once(names: NameServer, serve: Serve) -> None:
    records: list[OutboundRecord] = []
    caller = Caller(names.resolve, observe=records.append)
    server = serve(answers=lambda seen: answer(b"body", "404 None"))
    url = f"{server.url}/path"
    caller.send(f"{url}?secret", [server.url], method="POST", body=b"sent it")
    caller.send("http://other.test/?secret", [server.url])
    caller.send("ftp://other.test/", [server.url])
    session = caller.session(server.url)
    number = session.start(OutboundRequest("GET", url))
    assert isinstance(number, int)
    session.cancel(number)
    session.start(OutboundRequest("GET", url))
    session.close()
    caller.close()
    assert [replace(record, duration_s=0.0) for record in records] == [
        OutboundRecord("hello", "x-1", server.url, "answered", url, "POST", 404, 0.0, 7, 4),
        OutboundRecord("hello", "x-1", "", "denied", "http://other.test/", "GET"),
        OutboundRecord("hello", "x-1", "", "invalid", "", ""),
        OutboundRecord("hello", "x-1", server.url, "cancelled", url, "GET"),
        OutboundRecord("hello", "x-1", server.url, "cancelled", url, "GET"),
    ]
    assert records[0].duration_s > 0


def test_a_queued_request_that_is_late_is_not_sent(names: NameServer, serve: Serve) -> None:
    caller = Caller(names.resolve, replace(LIMITS, max_concurrent=1, timeout_s=0.5))
    release = Event()
    server = serve(answers=lambda seen: answer() if release.wait(9) else b"")
    session = caller.session(server.url)
    for _ in range(2):
        session.start(OutboundRequest("GET", f"{server.url}/"))
    (first,), (second,) = session._threads, session._queued
    second.deadline = first.deadline  # else a moment is left when its turn comes
    ended = [session.wait(None) for _ in range(2)]
    release.set()
    assert all(found is not None and found[1].kind == "timeout" for found in ended)  # type: ignore[union-attr]
    assert session.wait(0.05) is None
    caller.close()
    assert len(server.seen) == 1
