"""`nexus.http_*`: outbound requests of WebAssembly guests."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from threading import Event
from typing import Any

import pytest

from nexus.errors import DeadlineExceeded
from nexus.model import Limits
from nexus.outbound.client import OutboundClient
from tests.guest.host_caller import Caller as Guest
from tests.guest.host_caller import asked
from tests.guest.support import ENGINES, LocalRun
from tests.guest.support import handler as handler_of
from tests.guest.test_host_engines import execute

from .caller import LIMITS
from .name_server import NameServer
from .servers import Seen, Server, answer, in_chunks

Serve = Callable[..., Server]
DENIED, INVALID, NOT_FOUND, FAULT, STOPPED = -2, -3, -1, -5, -6


@pytest.fixture
def run_with(client: OutboundClient) -> Callable[..., LocalRun]:
    """Makes runs whose manifest has these grants."""

    def make(*grants: str, timeout_s: float = 20.0) -> LocalRun:
        run = LocalRun(Limits(), timeout_s)
        run.outbound = client.open(handler_of(http=grants), run)
        return run

    return make


def start(call: Guest, url: str, body: bytes = b"", **fields: Any) -> int:
    return call("http_start", json.dumps({"url": url, **fields}), body)


def body_of(call: Guest) -> bytes:
    """The body, asked for its length first."""
    size = call("http_body", 0, 0)
    assert call("http_body", 32768, size) == size
    return bytes(call.host.memory[32768 : 32768 + size])


def test_a_request_and_its_answer(run_with: Callable[..., LocalRun], serve: Serve) -> None:
    server = serve(answers=lambda seen: answer(b"body", "201 Made", X_A="1"))

    def question(call: Guest) -> None:
        headers = [["x-b", "2"]]
        assert start(call, f"{server.url}/x", b"sent", method="POST", headers=headers) == 1
        assert call("http_wait", -1) == 1
        assert call.read("http_result") == {
            "number": 1,
            "url": f"{server.url}/x",
            "status": 201,
            "reason": "Made",
            "headers": [["content-length", "4"], ["x-a", "1"]],
            "redirected": False,
            "size": 4,
        }
        assert body_of(call) == b"body"
        for name in ("http_result", "http_body"):
            assert call(name, 1 << 30, 1 << 20) == FAULT
        assert call("http_wait", -1) == INVALID

    asked(question, run_with(server.url))
    (seen,) = server.seen
    assert (seen.method, seen.path, seen.body, seen.header("x-b")) == ("POST", "/x", b"sent", "2")


def test_several_are_under_way(run_with: Callable[..., LocalRun], serve: Serve) -> None:
    second = Event()

    def answers(seen: Seen) -> bytes:
        if seen.path == "/2":
            second.set()
        return answer(seen.path.encode()) if second.wait(9) else b""

    server = serve(answers=answers)

    def question(call: Guest) -> None:
        assert start(call, f"{server.url}/1") == 1
        assert call("http_wait", 10) == 0
        assert start(call, f"{server.url}/2") == 2
        found = {call("http_wait", -1): body_of(call) for _ in range(2)}
        assert found == {1: b"/1", 2: b"/2"}
        assert start(call, f"{server.url}/3") == 3
        assert (call("http_cancel", 3), call("http_cancel", 9)) == (0, 0)
        assert call("http_wait", -1) == INVALID

    asked(question, run_with(server.url))


def test_what_is_refused_says_why(run_with: Callable[..., LocalRun], names: NameServer) -> None:
    names.add("inside.test", ["127.0.0.1"])

    def question(call: Guest) -> None:
        assert call("http_result", 0, 0) == NOT_FOUND
        assert start(call, "http://other.test/") == DENIED
        assert call.read("http_result")["kind"] == "denied"
        assert start(call, "http://127.1/") == INVALID
        assert call.read("http_result")["kind"] == "invalid"
        for head in ("", "[]", "{}", '{"url": 5}', '{"url": "http://a.test/", "headers": [5]}'):
            assert call("http_start", head, b"") == INVALID, head
        assert start(call, "http://inside.test/") == 1
        assert call("http_wait", -1) == 1
        assert call.read("http_result")["kind"] == "denied"
        assert body_of(call) == b""
        assert call("http_start", -1, 9, 0, 0) == FAULT

    asked(question, run_with("http://inside.test"))


def test_without_a_grant_all_is_denied() -> None:
    def question(call: Guest) -> None:
        assert start(call, "http://a.test/") == DENIED
        assert call("http_wait", -1) == INVALID
        assert call("http_cancel", 1) == 0

    asked(question, LocalRun())


def test_the_deadline_ends_the_wait(run_with: Callable[..., LocalRun], serve: Serve) -> None:
    release = Event()
    server = serve(answers=lambda seen: answer() if release.wait(9) else b"")
    run = run_with(server.url, timeout_s=0.2)

    def question(call: Guest) -> None:
        assert start(call, server.url) == 1
        assert call("http_wait", -1) == STOPPED

    with pytest.raises(DeadlineExceeded):
        asked(question, run)
    release.set()
    assert time.monotonic() >= run.deadline


@pytest.mark.parametrize("engine", list(ENGINES))
def test_a_real_guest_calls_a_server(
    engine: str, run_with: Callable[..., LocalRun], serve: Serve
) -> None:
    server = serve(answers=lambda seen: answer(b"[7]"))
    head = json.dumps({"url": f"{server.url}/"}).encode()
    stores = "".join(
        f"(i32.store8 (i32.const {2048 + at}) (i32.const {byte}))" for at, byte in enumerate(head)
    )
    body = f"""{stores}
      (drop (call $http_start (i32.const 2048) (i32.const {len(head)}) (i32.const 0) (i32.const 0)))
      (drop (call $http_wait (i32.const -1)))
      (call $print (i32.const 1024) (call $http_body (i32.const 1024) (i32.const 99))))"""
    assert execute(ENGINES[engine], body.removesuffix(")"), run_with(server.url)) == [7]


def test_outcomes_that_nobody_takes_are_few(
    run_with: Callable[..., LocalRun], serve: Serve
) -> None:
    """Each may be large: no more requests are sent than outcomes may be kept."""
    server = serve()
    run = run_with(server.url)
    session = run.outbound

    def question(call: Guest) -> None:
        for _ in range(20):
            assert start(call, f"{server.url}/") > 0
        ended = Event()
        while len(server.seen) < LIMITS.max_concurrent:
            ended.wait(0.01)
        ended.wait(0.05)
        assert len(server.seen) == LIMITS.max_concurrent
        for _ in range(20):
            assert call("http_wait", -1) > 0
        assert session is not None
        assert session.pending == 0

    asked(question, run)
    assert len(server.seen) == 20


def test_a_long_body_comes_in_parts(run_with: Callable[..., LocalRun], serve: Serve) -> None:
    """If the guest asks for that; otherwise it comes whole."""
    content = bytes(range(256)) * 200
    server = serve(answers=lambda seen: in_chunks(content[:30_000], content[30_000:], b""))

    def question(call: Guest) -> None:
        assert start(call, server.url, stream=True) == 1
        assert call("http_wait", -1) == 1
        head = call.read("http_result")
        assert (head["status"], head["more"], head["size"]) == (200, True, 0)
        body, more = b"", True
        while more:
            assert call("http_read", 1) == 0
            assert call("http_wait", -1) == 1
            part = call.read("http_result")
            assert part.keys() == {"number", "more", "size"}
            body, more = body + body_of(call), part["more"]
        assert body == content
        assert call("http_read", 1) == call("http_read", 7) == NOT_FOUND
        start(call, server.url)
        call("http_wait", -1)
        assert call.read("http_result")["size"] == len(content)

    asked(question, run_with(server.url))
