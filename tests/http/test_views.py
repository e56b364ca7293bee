"""Pages of plugins: what they raise, and what clients do to the bodies they read."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Blueprint, Response, abort, request
from werkzeug.exceptions import TooManyRequests
from werkzeug.exceptions import Unauthorized as WerkzeugUnauthorized

from nexus.errors import InternalError, InvalidArgument, Overloaded
from tests.plugins.serving import serving
from tests.plugins.support import plugin

from .conftest import Client
from .test_body import CHUNKED, LENGTH, Fails, dripping

TEXT = b"one\ntwo\nthree"


def pieces() -> bytes:
    found = b""
    while piece := request.stream.read(2):
        found += piece
    return found


READERS: dict[str, Callable[[], bytes]] = {
    "data": lambda: request.get_data(),
    "read": lambda: request.stream.read(),
    "pieces": pieces,
    "lines": lambda: b"".join(request.stream.readlines()),
    "two": lambda: b"".join(request.stream.readlines(3)),
    "loop": lambda: b"".join(request.stream),
    "line": lambda: request.stream.readline(2) + b"|" + request.stream.readline(),
}
ERRORS: dict[str, Callable[[], BaseException]] = {
    "ours": lambda: Overloaded("the bank is closed", 7),
    "client": lambda: InvalidArgument("no such date"),
    "hidden": lambda: InternalError("a secret"),
    "limited": lambda: TooManyRequests("slowly", retry_after=9),
}


def read(how: str) -> bytes:
    return READERS[how]()


def fail(how: str) -> None:
    raise ERRORS[how]()


def stop(status: int) -> None:
    abort(status, "no luck")


def answer() -> None:
    abort(Response("my own words", 451))


def challenge() -> None:
    from werkzeug.datastructures import WWWAuthenticate

    raise WerkzeugUnauthorized("who?", www_authenticate=WWWAuthenticate("basic"))


def exits() -> None:
    raise SystemExit


def odd() -> Response:
    return Response("odd", headers={"X-Nexus-Outcome": "my own"})


def pages(settings: object, host: object) -> list[Blueprint]:
    made = Blueprint("pages", __name__)
    made.add_url_rule("/v1/read/<how>", view_func=read, methods=["GET", "POST"])
    made.add_url_rule("/v1/fail/<how>", view_func=fail)
    made.add_url_rule("/v1/stop/<int:status>", view_func=stop)
    made.add_url_rule("/v1/answer", view_func=answer)
    made.add_url_rule("/v1/exits", view_func=exits)
    made.add_url_rule("/v1/odd", view_func=odd)
    made.add_url_rule("/v1/challenge", view_func=challenge)
    return [made]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder: Path = tmp_path_factory.mktemp("handlers")
    with serving(folder, {"p": plugin(nexus_blueprints=pages)}) as client:
        yield client


TERMINATED = {"wsgi.input_terminated": True}
"""as gunicorn's environ says; Flask then reads the server's stream itself"""


@pytest.mark.parametrize("server", [TERMINATED, {}])
@pytest.mark.parametrize("how", READERS)
def test_whole_bodies_are_read(page: Client, how: str, server: dict[str, Any]) -> None:
    found = page.call(f"/v1/read/{how}", "POST", TEXT, **server)
    expected = {"two": b"one\n", "line": b"on|e\n"}.get(how, TEXT)
    assert (found.code, found.body) == (200, expected)
    if server:
        chunked = page.call(f"/v1/read/{how}", "POST", io.BytesIO(TEXT), **CHUNKED, **server)
        assert (chunked.code, chunked.body) == (200, expected)


def test_without_a_body_nothing_is_read(page: Client) -> None:
    assert page.call("/v1/read/data", "GET", Fails(OSError("read")), **TERMINATED).code == 500


@pytest.mark.parametrize("length", [LENGTH, CHUNKED])
@pytest.mark.parametrize("how", READERS)
def test_a_slow_body_is_the_clients_fault(page: Client, how: str, length: dict[str, str]) -> None:
    with dripping(length, body_s=0.1) as environ:
        source = environ.pop("wsgi.input")
        found = page.call(f"/v1/read/{how}", "POST", source, **length, **environ, **TERMINATED)
    assert (found.code, found.problem()["code"]) == (408, "REQUEST_TIMEOUT")
    assert found.header("X-Nexus-Outcome") == "timeout"


@pytest.mark.parametrize("how", ["data", "read", "pieces", "lines", "loop"])
def test_a_body_that_ends_early(page: Client, how: str) -> None:
    before = page.count("errors_total", code="INVALID_ARGUMENT")
    found = page.call(
        f"/v1/read/{how}", "POST", io.BytesIO(b"x" * 7), CONTENT_LENGTH="9", **TERMINATED
    )
    assert (found.code, found.problem()["code"]) == (400, "INVALID_ARGUMENT")
    assert found.problem()["detail"] == "the body ended after 7 of 9 bytes"
    assert page.count("errors_total", code="INVALID_ARGUMENT") == before + 1


@pytest.mark.parametrize("error", [ConnectionResetError("gone"), ValueError("not a chunk")])
def test_a_body_that_cannot_be_read(page: Client, error: Exception) -> None:
    found = page.call("/v1/read/read", "POST", Fails(error), **CHUNKED, **TERMINATED)
    assert (found.code, found.problem()["code"]) == (400, "INVALID_ARGUMENT")
    assert str(error) not in found.problem()["detail"]


def test_errors_of_ours_keep_their_status(page: Client, caplog: pytest.LogCaptureFixture) -> None:
    found = page.call("/v1/fail/ours")
    assert (found.code, found.problem()["code"]) == (503, "OVERLOADED")
    assert (found.problem()["detail"], found.header("Retry-After")) == ("the bank is closed", "7")
    assert page.call("/v1/fail/client").code == 400
    with caplog.at_level(logging.ERROR):
        found = page.call("/v1/fail/hidden")
    assert (found.code, found.problem()["detail"]) == (500, "internal error")
    assert "a secret" in caplog.text


@pytest.mark.parametrize("status", [401, 403, 404, 409, 413, 422, 429])
def test_a_view_may_choose_a_status(page: Client, status: int) -> None:
    found = page.call(f"/v1/stop/{status}")
    assert found.code == status
    assert found.problem()["code"] == "INVALID_ARGUMENT"
    assert found.problem()["detail"].endswith("no luck")


@pytest.mark.parametrize("status", [500, 501, 503])
def test_a_view_may_choose_an_error_of_the_server(page: Client, status: int) -> None:
    found = page.call(f"/v1/stop/{status}")
    assert (found.code, found.problem()["detail"]) == (status, "internal error")


def test_a_views_own_headers_and_responses_stay(page: Client) -> None:
    assert page.call("/v1/fail/limited").header("Retry-After") == "9"
    found = page.call("/v1/challenge")
    assert found.code == 401
    assert (found.header("WWW-Authenticate") or "").lower().startswith("basic")
    found = page.call("/v1/answer")
    assert (found.code, found.body) == (451, b"my own words")


def logged(page: Client) -> list[tuple[str, str, int, str]]:
    """Take the lines of the access log out."""
    stream = page.service.access_log._stream  # type: ignore[union-attr]
    assert isinstance(stream, io.StringIO)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    stream.seek(0)
    stream.truncate()
    return [(line["method"], line["path"], line["status"], line["outcome"]) for line in lines]


@pytest.fixture(scope="module")
def logging_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder: Path = tmp_path_factory.mktemp("handlers")
    settings = {"NEXUS_ACCESS_LOG": "true", "NEXUS_LOG_FORMAT": "json"}
    with serving(folder, {"p": plugin(nexus_blueprints=pages)}, settings) as client:
        log = client.service.access_log
        assert log is not None
        log._stream = io.StringIO()
        yield client


@pytest.mark.parametrize(
    ("path", "method", "body", "line"),
    [
        ("/hello", "GET", None, (200, "ok")),
        ("/v1/read/data", "POST", b"x", (200, "ok")),
        ("/v1/fail/ours", "GET", None, (503, "rejected")),
        ("/v1/fail/hidden", "GET", None, (500, "error")),
        ("/v1/stop/403", "GET", None, (403, "rejected")),
        ("/v1/stop/404", "GET", None, (404, "rejected")),
        ("/v1/exits", "GET", None, (500, "error")),
        ("/v1/odd", "GET", None, (200, "ok")),
        ("/nowhere", "GET", None, (404, "not_found")),
        ("*", "OPTIONS", None, (204, "ok")),
    ],
)
def test_each_request_has_one_line(
    logging_page: Client, path: str, method: str, body: bytes | None, line: tuple[int, str]
) -> None:
    assert logging_page.call(path, method, body).code == line[0]
    assert logged(logging_page) == [(method, path, *line)]


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_probes_and_scrapes_have_none(logging_page: Client, path: str) -> None:
    assert logging_page.call(path).code == 200
    assert logged(logging_page) == []
