"""Request bodies: capped, whole, in time, and whatever a client says of them is checked."""

from __future__ import annotations

import io
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from gunicorn.config import Config

from nexus.server.limits import ClientLimits
from nexus.server.sockets.connection import Connection
from nexus.server.sockets.parser import NexusParser
from nexus.server.sockets.thread_waits import ThreadWaits

from .conftest import Client, Trickle

Counts = Callable[..., Callable[[], float]]
CAP = 1000
CHUNKED = {"HTTP_TRANSFER_ENCODING": "chunked"}


class Fails:
    """What a server's input does when the client is gone, or sends chunks that are none."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def read(self, size: int) -> bytes:
        raise self._error


class Untouched:
    """A body that nobody may read."""

    def read(self, size: int) -> bytes:
        raise AssertionError("read")


@pytest.mark.parametrize("size", [0, 1, CAP])
def test_bodies_up_to_the_cap_are_taken(client: Client, size: int) -> None:
    assert client.call("/hello", "POST", b"x" * size).code == 200
    assert client.call("/hello", "POST", io.BytesIO(b"x" * size), **CHUNKED).code == 200


def test_a_declared_body_over_the_cap_is_not_read(client: Client, counts: Counts) -> None:
    errors = counts("errors_total", code="PAYLOAD_TOO_LARGE")
    runs = counts("handler_executions_total", handler="hello", status="rejected")
    answer = client.call("/hello", "POST", Untouched(), CONTENT_LENGTH=str(CAP + 1))
    assert (answer.code, answer.problem()["code"]) == (413, "PAYLOAD_TOO_LARGE")
    assert str(CAP) in answer.problem()["detail"]
    assert answer.header("X-Nexus-Outcome") == "rejected"
    assert (errors(), runs()) == (1, 1)


def test_a_chunked_body_is_read_to_the_cap_only(client: Client, counts: Counts) -> None:
    errors = counts("errors_total", code="PAYLOAD_TOO_LARGE")
    body = io.BytesIO(b"x" * 100_000)
    answer = client.call("/hello", "POST", body, **CHUNKED)
    assert (answer.code, answer.problem()["code"]) == (413, "PAYLOAD_TOO_LARGE")
    assert body.tell() == CAP + 1
    assert errors() == 1


def test_a_body_that_ends_early_is_refused(client: Client) -> None:
    answer = client.call("/hello", "POST", io.BytesIO(b"x" * 7), CONTENT_LENGTH="9")
    assert (answer.code, answer.problem()["code"]) == (400, "INVALID_ARGUMENT")
    assert "7 of 9 bytes" in answer.problem()["detail"]


@pytest.mark.parametrize("said", ["abc", "-1", "+5", "1_0", "5.0", "٥", " 5", "1e2", "9" * 5000])
def test_a_length_that_is_no_number_is_refused(client: Client, said: str) -> None:
    answer = client.call("/hello", "POST", Untouched(), CONTENT_LENGTH=said)
    assert (answer.code, answer.problem()["code"]) == (400, "INVALID_ARGUMENT")
    assert "Content-Length" in answer.problem()["detail"]
    assert len(answer.body) < 500


@pytest.mark.parametrize("said", ["", "0"])
def test_nothing_declared_is_nothing_read(client: Client, said: str) -> None:
    assert client.call("/hello", "POST", Untouched(), CONTENT_LENGTH=said).code == 200


@pytest.mark.parametrize("coding", ["gzip, chunked", "gzip", "identity,chunked", "", "x" * 5000])
def test_a_coding_that_nobody_undoes_is_refused(client: Client, coding: str) -> None:
    answer = client.call("/hello", "POST", b"abc", HTTP_TRANSFER_ENCODING=coding)
    found = answer.problem()
    assert (answer.code, found["code"]) == (400, "INVALID_ARGUMENT")
    assert "allowed: chunked" in found["detail"]
    assert len(found["detail"]) < 200
    assert client.call("/hello", "POST", b"abc", HTTP_TRANSFER_ENCODING="Chunked ").code == 200


@pytest.mark.parametrize(
    "error", [ConnectionResetError("gone"), ValueError("not a chunk"), OSError("no more data")]
)
def test_a_body_that_cannot_be_read_is_the_clients_fault(
    client: Client, counts: Counts, error: Exception
) -> None:
    errors = counts("errors_total", code="INVALID_ARGUMENT")
    answer = client.call("/hello", "POST", Fails(error), **CHUNKED)
    assert (answer.code, answer.problem()["code"]) == (400, "INVALID_ARGUMENT")
    detail = answer.problem()["detail"]
    assert "the body cannot be read" in detail
    assert type(error).__name__ not in detail
    assert str(error) not in detail
    assert str(error) not in answer.problem()["detail"]
    assert errors() == 1


LENGTH = {"CONTENT_LENGTH": "900"}


@pytest.mark.parametrize("length", [LENGTH, CHUNKED])
def test_a_slow_body_ends_at_the_handlers_deadline(
    client: Client, counts: Counts, length: dict[str, str]
) -> None:
    """With gunicorn's own reader, which asks the socket again and again until it has enough."""
    errors = counts("errors_total", code="TIMEOUT")
    runs = counts("handler_executions_total", handler="slow", status="timeout")
    observed = counts("handler_execution_seconds_count", handler="slow")
    with dripping(length) as environ:
        began = time.monotonic()
        answer = client.call("/slow", "POST", environ.pop("wsgi.input"), **length, **environ)
        assert 0.15 <= time.monotonic() - began < 5
    assert (answer.code, answer.problem()["code"]) == (504, "TIMEOUT")
    assert "body" in answer.problem()["detail"]
    assert answer.problem()["execution_id"]
    assert answer.header("X-Nexus-Outcome") == "timeout"
    assert (errors(), runs(), observed()) == (1, 1, 0)  # no guest ran, so no time of one


@pytest.mark.parametrize("length", [LENGTH, CHUNKED])
def test_a_body_slower_than_a_client_may_be_is_its_fault(
    client: Client, counts: Counts, length: dict[str, str]
) -> None:
    errors = counts("errors_total", code="REQUEST_TIMEOUT")
    with dripping(length, body_s=0.1) as environ:
        answer = client.call("/hello", "POST", environ.pop("wsgi.input"), **length, **environ)
    assert (answer.code, answer.problem()["code"]) == (408, "REQUEST_TIMEOUT")
    assert answer.header("X-Nexus-Outcome") == "timeout"
    assert errors() == 1


def test_a_server_that_knows_no_limits_is_held_to_ours(client: Client) -> None:
    """One that hands out what came, a little at a time."""
    answer = client.call("/slow", "POST", Trickle(0.01), CONTENT_LENGTH="900")
    assert (answer.code, answer.problem()["code"]) == (504, "TIMEOUT")


@contextmanager
def dripping(length: dict[str, str], body_s: float = 20.0) -> Iterator[dict[str, object]]:
    """Environ entries as gunicorn makes them, for a body that comes a byte at a time."""
    limits = ClientLimits(head_s=20, body_s=body_s, send_s=20, bytes_per_s=0, body_bytes=1000)
    ours, theirs = socket.socketpair()
    over = threading.Event()

    def drip() -> None:
        while not over.wait(0.01):
            theirs.sendall(b"1\r\nx\r\n" if length is CHUNKED else b"x")

    field = b"Transfer-Encoding: chunked" if length is CHUNKED else b"Content-Length: 900"
    thread = threading.Thread(target=drip)
    waits = ThreadWaits(lambda: None, lambda: limits)
    with ours, theirs:
        connection = Connection(ours, waits)
        theirs.sendall(b"POST / HTTP/1.1\r\n" + field + b"\r\n\r\n")
        connection.incoming.arrival()
        connection.setblocking(True)
        request = next(NexusParser(Config(), connection, ("127.0.0.1", 1)))
        thread.start()
        yield {"wsgi.input": request.body, "gunicorn.socket": connection}
        over.set()
        thread.join()
    waits.close()
