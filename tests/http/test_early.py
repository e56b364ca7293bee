"""Answers that leave before their run ends, through any WSGI server: `write` of PEP 3333."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest
from flask import Flask
from prometheus_client import CollectorRegistry

from nexus.http import create_app
from nexus.http.early import EarlyAnswer
from nexus.model import HttpResponse
from tests.wat import one, prints

from .conftest import make_service

HANDLERS = {
    "streams": prints("Content-Type: text/plain\nContent-Length: 99\n\nhello"),
    "fails": one("unreachable"),
}


class Log:
    """The access log, in memory."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    def write(self, **fields: Any) -> None:
        self.lines.append(fields)


LOG = Log()


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    folder = tmp_path_factory.mktemp("handlers")
    for name, module in HANDLERS.items():
        (folder / f"{name}.wat").write_text(module)
        (folder / f"{name}.toml").write_text("stream = true")
    registry = CollectorRegistry()
    service = make_service(folder, registry)
    service.access_log = LOG  # type: ignore[assignment]
    service.start_with(folder)
    yield create_app(service, registry)
    service.stop(grace_s=5.0)


def call(app: Flask, path: str, said: list[Any]) -> None:
    """Ask; *said* gets all that the application says to the server."""
    environ: dict[str, Any] = {"PATH_INFO": path, "REQUEST_METHOD": "GET"}
    setup_testing_defaults(environ)

    def start_response(status: str, headers: Any, _: Any = None) -> Any:
        said.append((status, dict(headers)))
        return said.append

    said.extend(app.wsgi_app(environ, start_response))  # type: ignore[arg-type]


def test_the_head_leaves_first_and_has_no_length(
    app: Flask,
) -> None:
    said: list[Any] = []
    call(app, "/streams", said)
    headers = {"Content-Type": "text/plain", "X-Nexus-Outcome": "ok"}
    assert said == [("200 OK", headers), b"", b"hello"]
    fields = LOG.lines[-1]
    assert (fields["status"], fields["outcome"], fields["response_bytes"]) == (200, "ok", 5)


def test_an_error_before_the_head_is_a_problem(app: Flask) -> None:
    said: list[Any] = []
    call(app, "/fails", said)
    assert said[0][0] == "500 Internal Server Error"
    assert b"EXECUTION_ERROR" in said[1]


class Channel:
    """Fails from some call on."""

    def __init__(self, calls: int) -> None:
        self.left, self.said = calls, list[str]()

    def _call(self, name: str) -> None:
        if not self.left:
            raise BrokenPipeError(name)
        self.left -= 1
        self.said.append(name)

    def begin(self, line: str, headers: Any, first: bytes | None) -> None:
        self._call("begin")

    def send(self, part: bytes) -> None:
        self._call("send")

    def answered(self) -> None:
        self._call("answered")

    def has_left(self) -> bool:
        self._call("look")
        return False

    def end(self, *, cut: bool) -> None:
        self.said.append(f"end {cut}")


def early(channel: Channel) -> EarlyAnswer:
    return EarlyAnswer(channel, "GET", lambda response: None, lambda: None)


def test_a_client_that_left_gets_nothing_more() -> None:
    channel = Channel(2)
    client = early(channel)
    client.begin(HttpResponse(200, [], b""))
    assert client.write(b"one")
    assert not client.write(b"two")
    assert not client.write(b"three")
    assert client.has_left()
    client.end(failed=True)
    assert channel.said == ["begin", "send", "end True"]
    assert client.sent_bytes == 3


def test_a_whole_answer_is_never_cut_off() -> None:
    channel = Channel(2)
    client = early(channel)
    client.answer(HttpResponse(200, [], b"all"))
    client.end(failed=True)  # by its rest, which the client does not see
    assert channel.said == ["begin", "answered", "end False"]


def test_nobody_is_answered_twice_when_the_client_left_at_once() -> None:
    channel = Channel(0)
    client = early(channel)
    client.answer(HttpResponse(200, [], b"all"))
    assert client.response is not None
    assert channel.said == []
