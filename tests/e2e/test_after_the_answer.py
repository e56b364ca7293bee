"""Work after the answer, over a real server: it delays nobody, is counted, and is not lost."""

from __future__ import annotations

import http.client
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import shared_cache
from tests.wat import prints

from .conftest import Server, serving, until

AFTER_S = 2
LATER = """export default { fetch(request, env, ctx) {
  ctx.waitUntil(new Promise((done) => setTimeout(done, %d)).then(() => console.log("went on")));
  return new Response(%s);
} };"""
LARGE = 9 << 20
"""more than the sockets' buffers take"""
ENDED = 'nexus_handler_executions_total{handler="%s",status="ok"}'


@pytest.fixture
def server(http_server: str, tmp_path: Path) -> Iterator[Server]:
    folder = tmp_path / "handlers"
    folder.mkdir()
    (folder / "later.js").write_text(LATER % (AFTER_S * 1000, '"now"'))
    (folder / "large.js").write_text(LATER % (AFTER_S * 1000, f"new Uint8Array({LARGE})"))
    (folder / "large.toml").write_text("memory_limit_mb = 64\n")
    (folder / "hello.wat").write_text(prints("Content-Type: text/plain\n\nhello"))
    settings = {"NEXUS_WORKERS": "1", "NEXUS_THREADS": "4", "NEXUS_MIN_INSTANCES": "4"}
    settings["NEXUS_CACHE_DIR"] = str(shared_cache())
    with serving(folder, tmp_path, **settings) as running:
        yield running


def went_on(server: Server) -> bool:
    return b"went on" in server.log.read_bytes()


def test_the_connection_is_free_while_the_run_goes_on(server: Server) -> None:
    client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    client.request("GET", "/later")
    assert client.getresponse().read() == b"now"
    client.request("GET", "/hello")  # on the same connection
    assert client.getresponse().read() == b"hello"
    assert not went_on(server)
    assert server.metric('nexus_pool_instances{state="active"}') == 1
    until(lambda: server.metric(ENDED % "later") == 1)
    assert went_on(server)
    client.close()


def test_what_a_client_does_not_take_at_once_needs_no_thread(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as slow:
        slow.sendall(b"GET /large HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        until(lambda: went_on(server))
        content = b"".join(iter(lambda: slow.recv(1 << 16), b""))
    assert content.partition(b"\r\n\r\n")[2] == bytes(LARGE)


def test_a_worker_that_stops_waits_for_it(server: Server) -> None:
    assert server.get("/later").body == b"now"
    assert not went_on(server)
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(30) == 0
    assert went_on(server)
