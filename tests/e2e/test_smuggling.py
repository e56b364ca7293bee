"""Request smuggling: each attempt has its right answer, and nothing behind it is taken for more."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from tests.support import shared_cache

from .conftest import Server, serving
from .smuggling import CORPUS, MAX_BODY_BYTES, SENTINEL, Attempt

ECHO = """export default { async fetch(request) {
  const { length } = await request.bytes();
  return Response.json({ url: request.url, method: request.method, length,
    headers: Object.fromEntries(request.headers) });
} };"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("handlers")
    (folder / "echo.js").write_text(ECHO)
    settings = {
        "NEXUS_WORKERS": "1",
        "NEXUS_CACHE_DIR": str(shared_cache()),
        "NEXUS_MAX_REQUEST_BYTES": str(MAX_BODY_BYTES),
    }
    with serving(folder, tmp_path_factory.mktemp("server"), **settings) as running:
        yield running


class Answer(NamedTuple):
    status: int
    body: bytes

    def seen(self) -> dict[str, Any]:
        """What the handler saw, if it was asked."""
        return json.loads(self.body) if self.status == 200 and self.body else {}


def talk(server: Server, data: bytes) -> bytes:
    """Send *data* on a connection of its own, then end it; return all that comes."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        received = b""
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
        except OSError:  # refused and closed before all was sent: what came before that counts
            pass
        try:
            while more := connection.recv(65536):
                received += more
        except ConnectionResetError:
            pass
        return received


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
    assert tuple(answer.status for answer in found) == attempt.statuses, received
    assert attempt.goes_on in (goes_on, None), received
    if attempt.url:
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
