"""Request smuggling: each attempt has its right answer, and nothing behind it is taken for more."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.support import shared_cache

from .conftest import Server, chosen, serving
from .smuggling import CORPUS, MAX_BODY_BYTES, SENTINEL, Attempt

SILENT_S = 0.7
"""how long a server that says nothing may still say something"""
ECHO = """export default { async fetch(request) {
  const { length } = await request.bytes();
  return Response.json({ url: request.url, method: request.method, length,
    headers: Object.fromEntries(request.headers) });
} };"""


@pytest.fixture(scope="module")
def socket_path(http_server: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("run") / "socket"


@pytest.fixture(scope="module")
def server(
    http_server: str, tmp_path_factory: pytest.TempPathFactory, socket_path: Path
) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("handlers")
    (folder / "echo.js").write_text(ECHO)
    settings = {
        "NEXUS_WORKERS": "1",
        "NEXUS_CACHE_DIR": str(shared_cache()),
        "NEXUS_MAX_REQUEST_BYTES": str(MAX_BODY_BYTES),
        "NEXUS_WELCOME": "false",
    }
    scratch = tmp_path_factory.mktemp("server")
    with serving(folder, scratch, socket_path, **settings) as running:
        yield running


class Answer(NamedTuple):
    status: int
    body: bytes

    def seen(self) -> dict[str, Any]:
        """What the handler saw, if it was asked."""
        return json.loads(self.body) if self.status == 200 and self.body else {}


def talk(address: Server | Path, data: bytes) -> bytes:
    """Send *data* on a connection of its own, then end it; return all that comes."""
    if isinstance(address, Path):
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(str(address))
    else:
        connection = socket.create_connection(("127.0.0.1", address.port), timeout=30)
    with connection:
        received = b""
        try:
            connection.sendall(data)
            if half_closes():
                connection.shutdown(socket.SHUT_WR)
            else:
                connection.settimeout(SILENT_S)
        except OSError:  # refused and closed before all was sent: what came before that counts
            pass
        try:
            while more := connection.recv(65536):
                received += more
        except (ConnectionResetError, TimeoutError):
            pass
        return received


def half_closes() -> bool:
    """Whether the server still answers a client that sends no more; granian takes it for gone."""
    return chosen() == "gunicorn"


def answers(received: bytes, *, to_head: bool) -> list[Answer]:
    """Take a stream of responses apart by their lengths; the first may be one to HEAD."""
    found: list[Answer] = []
    while received:
        head, end, rest = received.partition(b"\r\n\r\n")
        assert end, received
        first, *lines = head.split(b"\r\n")
        assert first.startswith(b"HTTP/1."), received
        fields = {line.partition(b":")[0].lower(): line.partition(b":")[2] for line in lines}
        length = 0 if to_head and not found else int(fields.get(b"content-length", b"0"))
        assert len(rest) >= length, received
        found.append(Answer(int(first.split()[1]), rest[:length]))
        received = rest[length:]
    return found


@pytest.mark.parametrize("name", CORPUS)
def test_it_has_its_right_answer(server: Server, name: str) -> None:
    attempt: Attempt = CORPUS[name]
    received = talk(server, attempt.data + SENTINEL)
    found = answers(received, to_head=attempt.data.startswith(b"HEAD"))
    goes_on = bool(found) and str(found[-1].seen().get("url", "")).endswith("/echo/sentinel")
    if goes_on:
        found.pop()
    if chosen() == "gunicorn":  # hyper decides for granian: some statuses differ, no meaning does
        assert tuple(answer.status for answer in found) == attempt.statuses, received
        assert attempt.goes_on in (goes_on, None), received
    if attempt.url and found and found[-1].status == 200:
        last = found[-1].seen()
        assert last["url"] == attempt.url.replace("SERVER", f"127.0.0.1:{server.port}")
        assert last["length"] == attempt.body_bytes
    for answer in found:
        assert b"smuggled" not in answer.body or "smuggled" in attempt.url
        if "evil" not in attempt.url:
            assert "evil" not in str(answer.seen())


def test_there_are_many() -> None:
    assert len(CORPUS) >= 200


def test_cookies_arrive_as_one(server: Server) -> None:
    data = CORPUS["head_cookies"].data
    (answer, _) = answers(talk(server, data + SENTINEL), to_head=False)
    assert answer.seen()["headers"]["cookie"] == "a=1, 2; b=3"


@pytest.mark.parametrize(
    ("lines", "url"),
    [
        (b"GET /echo HTTP/1.0\r\n", "http://localhost/echo"),
        (b"GET /echo HTTP/1.1\r\nHost:\r\n", "http://localhost/echo"),
        (b"GET /echo HTTP/1.1\r\nHost: a.example\r\n", "http://a.example/echo"),
        (b"GET /echo HTTP/1.1\r\nHost: [::1]:81\r\n", "http://[::1]:81/echo"),
        (b"GET /echo HTTP/1.1\r\nHost: a\r\nSCRIPT_NAME: /echo\r\n", "http://a/echo"),
    ],
)
def test_a_unix_socket_has_no_part_in_a_url(
    server: Server, socket_path: Path, lines: bytes, url: str
) -> None:
    (answer,) = answers(talk(socket_path, lines + b"Connection: close\r\n\r\n"), to_head=False)
    assert answer.seen()["url"] == url


def test_a_unix_socket_needs_a_host_too(server: Server, socket_path: Path) -> None:
    (answer, *_) = answers(talk(socket_path, b"GET /echo HTTP/1.1\r\n\r\n"), to_head=False)
    assert answer.status == 400
