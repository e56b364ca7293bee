"""Requests that no application sees, and bodies that a plugin's page cannot read: each has its
answer, and its line in the access log."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from tests.plugins.support import package, python_path
from tests.wat import prints

from .conftest import Server, serving, until

PAGES = """
    from flask import Blueprint, request
    from nexus.plugin_api.hooks import hookimpl

    @hookimpl
    def nexus_blueprints(settings, host):
        made = Blueprint("pages", __name__)
        made.add_url_rule("/v1/read", view_func=lambda: request.get_data(), methods=["POST"])
        return [made]
"""
LARGE_HEAD = b"GET /l HTTP/1.1\r\nHost: a\r\n" + b"X: %s\r\n" % (b"y" * 2000) * 40
SETTINGS = {
    "NEXUS_WORKERS": "1",
    "NEXUS_HTTP_HEAD_TIMEOUT_MS": "300",
    "NEXUS_HTTP_BODY_TIMEOUT_MS": "300",
    "NEXUS_LOG_FORMAT": "json",
}


@pytest.fixture(scope="module")
def server(http_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("handlers")
    (folder / "hello.wat").write_text(prints("Content-Type: text/plain\n\nhello"))
    packages = package(tmp_path_factory.mktemp("packages"), "pages", PAGES)
    settings = {**SETTINGS, "PYTHONPATH": python_path(packages)}
    with serving(folder, tmp_path_factory.mktemp("server"), **settings) as running:
        yield running


def talk(server: Server, data: bytes, *, ends: bool = False) -> bytes:
    """Send *data*, and nothing more for a while; return all that comes."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(data)
        if ends:
            connection.shutdown(socket.SHUT_WR)
        received = b""
        while more := connection.recv(65536):
            received += more
        return received


def logged(server: Server, status: int, path: str) -> list[dict[str, Any]]:
    """The lines of the access log with this status and path."""
    lines = [json.loads(line) for line in server.log.read_text().splitlines() if line[:1] == "{"]
    mine = [line for line in lines if line["logger"] == "nexus.access"]
    return [line for line in mine if (line["status"], line["path"]) == (status, path)]


BODY = b"POST /body?key=secret HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx"


@pytest.mark.only("gunicorn")  # granian: see the next test
@pytest.mark.parametrize(
    ("data", "status", "method", "path", "outcome"),
    [
        (b"GET /late?key=secret HTTP/1.1\r\nHost: a\r\n", 408, "GET", "/late", "timeout"),
        (b"GET /cut", 408, "", "", "timeout"),
        (BODY, 408, "POST", "/body", "timeout"),
        (LARGE_HEAD, 431, "GET", "/l", "rejected"),
        (b"GET /twice HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "GET", "/twice", "rejected"),
        (b"GET /header HTTP/1.1\r\nHost: a\r\nX Y: b\r\n\r\n", 400, "GET", "/header", "rejected"),
        (b"G@T /method HTTP/1.1\r\nHost: a\r\n\r\n", 400, "G@T", "/method", "rejected"),
        (b"nonsense\r\n\r\n", 400, "", "", "rejected"),
        (
            b"POST /coding HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: new\r\n\r\n",
            *(501, "POST", "/coding", "rejected"),
        ),
        (
            b"GET /wants HTTP/1.1\r\nHost: a\r\nExpect: magic\r\n\r\n",
            *(417, "GET", "/wants", "rejected"),
        ),
    ],
)
def test_each_refusal_has_one_line_in_the_access_log(
    server: Server, data: bytes, status: int, method: str, path: str, outcome: str
) -> None:
    received = talk(server, data)
    head, _, body = received.partition(b"\r\n\r\n")
    assert int(head.split()[1]) == status
    until(lambda: len(logged(server, status, path)) > 0)
    (line,) = logged(server, status, path)
    assert (line["method"], line["outcome"], line["handler"]) == (method, outcome, "")
    assert (line["remote"], line["response_bytes"]) == ("127.0.0.1", len(body))
    assert "secret" not in server.log.read_text()


@pytest.mark.only("granian")
def test_heads_that_hyper_refuses_are_reported_nowhere(server: Server) -> None:
    """docs/servers.md says so. If a later granian reports them, log and count them."""
    assert talk(server, b"GET /late HTTP/1.1\r\nHost: a\r\n") == b""
    for head, status in [
        (b"G@T /method HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET /header HTTP/1.1\r\nHost: a\r\nX Y: b\r\n\r\n", 400),
        (LARGE_HEAD, 431),
    ]:
        assert int(talk(server, head).split()[1]) == status
    # What comes to Nexus is logged, though hyper had to read it first.
    talk(server, b"GET /twice HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
    until(lambda: len(logged(server, 400, "/twice")) == 1)
    paths = ("/late", "/method", "/header", "/l")
    assert not [path for path in paths if f'"path":"{path}"' in server.log.read_text()]


@pytest.mark.only("granian")
def test_a_body_that_granian_waits_for_has_a_line_too(server: Server) -> None:
    body = BODY.replace(b"/body", b"/hello")
    assert int(talk(server, body).split()[1]) == 408
    until(lambda: len(logged(server, 408, "/hello")) > 0)
    (line,) = logged(server, 408, "/hello")
    assert (line["method"], line["outcome"], line["handler"]) == ("POST", "timeout", "")
    assert (line["remote"], line["request_bytes"]) == ("127.0.0.1", 0)


def test_an_application_that_was_asked_has_its_one_line(server: Server) -> None:
    answer = talk(server, b"GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert answer.endswith(b"hello")
    until(lambda: len(logged(server, 200, "/hello")) == 1)


READ = b"POST /v1/read HTTP/1.1\r\nHost: a\r\n"
LARGE = b"x" * 70_000


@pytest.mark.parametrize(
    ("data", "ends", "status"),
    [
        (READ + b"Content-Length: 3\r\nConnection: close\r\n\r\nabc", False, 200),
        # Beyond 64 KiB a thread reads on, and waits for the client there.
        (READ + b"Content-Length: 80000\r\n\r\n" + LARGE, False, 408),
        (READ + b"Transfer-Encoding: chunked\r\n\r\n11170\r\n" + LARGE, False, 408),
        (READ + b"Content-Length: 9\r\n\r\nabc", True, 400),
        (READ + b"Content-Length: 80000\r\n\r\n" + LARGE, True, 400),
        (READ + b"Transfer-Encoding: chunked\r\n\r\n5\r\nabc", True, 400),
        (READ + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\nabc", False, 400),
        (READ + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n", False, 400),
    ],
)
def test_a_pages_body(server: Server, data: bytes, ends: bool, status: int) -> None:
    received = talk(server, data, ends=ends)
    assert int(received.split()[1]) == status, received
    if status != 200:
        assert b"application/problem+json" in received
        assert b"\r\nconnection: close\r\n" in received.lower()
