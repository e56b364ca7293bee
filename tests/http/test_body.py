"""Request bodies: capped, whole, in time, and whatever a client says of them is checked."""

from __future__ import annotations

import io
import time
from collections.abc import Callable

import pytest

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


@pytest.mark.parametrize("length", [{"CONTENT_LENGTH": "900"}, CHUNKED])
def test_a_slow_body_ends_at_the_handlers_deadline(
    client: Client, counts: Counts, length: dict[str, str]
) -> None:
    errors = counts("errors_total", code="TIMEOUT")
    runs = counts("handler_executions_total", handler="slow", status="timeout")
    observed = counts("handler_execution_seconds_count", handler="slow")
    began = time.monotonic()
    answer = client.call("/slow", "POST", Trickle(0.01), **length)
    assert 0.15 <= time.monotonic() - began < 5
    assert (answer.code, answer.problem()["code"]) == (504, "TIMEOUT")
    assert "body" in answer.problem()["detail"]
    assert answer.problem()["execution_id"]
    assert answer.header("X-Nexus-Outcome") == "timeout"
    assert (errors(), runs(), observed()) == (1, 1, 0)  # no guest ran, so no time of one


def test_a_socket_gets_a_timeout_and_loses_it_again(client: Client) -> None:
    """Under gunicorn a read waits in the socket: it must not wait longer than the deadline."""
    asked: list[float | None] = []

    class Socket:
        def settimeout(self, seconds: float | None) -> None:
            asked.append(seconds)

    answer = client.call(
        "/slow", "POST", Fails(TimeoutError()), CONTENT_LENGTH="9", **{"gunicorn.socket": Socket()}
    )
    assert answer.problem()["code"] == "TIMEOUT"
    assert len(asked) == 2
    assert asked[0] is not None
    assert 0 < asked[0] <= 0.15
    assert asked[1] is None
