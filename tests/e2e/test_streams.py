"""Streamed answers over a real server: at once, and no longer than their client stays."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator

import pytest

from tests.support import shared_cache

from .conftest import Server, serving, until

EVENTS = """export default { fetch() {
  let n = 0;
  const pull = async (controller) => {
    if (n === 2) { console.log("all sent"); return controller.close(); }
    if (n) await new Promise((done) => setTimeout(done, 2000));
    controller.enqueue(new TextEncoder().encode(`data: ${n++}\\n\\n`));
  };
  return new Response(new ReadableStream({ pull }),
    { headers: { "content-type": "text/event-stream" } });
} };"""
ENDLESS = """export default { fetch() {
  const pull = async (controller) => {
    await new Promise((done) => setTimeout(done, %d));
    controller.enqueue(new Uint8Array(%d));
  };
  return new Response(new ReadableStream({ start: (c) => c.enqueue(new Uint8Array(1)), pull }));
} };"""
BROKEN = """export default { fetch() {
  let begun = false;
  return new Response(new ReadableStream({ pull(controller) {
    if (begun) throw new Error("broke");
    begun = true;
    controller.enqueue(new TextEncoder().encode("half"));
  } }));
} };"""
STREAM = "stream = true\ntimeout_ms = 60000\n"
ENDED = 'nexus_handler_executions_total{handler="%s",status="%s"}'


@pytest.fixture(scope="module")
def server(http_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("handlers")
    handlers = {
        "events": (EVENTS, STREAM),
        "ticking": (ENDLESS % (10, 1), STREAM),
        "sleeping": (ENDLESS % (50000, 1), STREAM),
        "flood": (ENDLESS % (0, 65536), STREAM + "max_host_calls = 1000000\n"),
        "late": (ENDLESS % (0, 65536), "stream = true\ntimeout_ms = 1000\n"),
        "broken": (BROKEN, STREAM),
    }
    for name, (source, manifest) in handlers.items():
        (folder / f"{name}.js").write_text(source)
        (folder / f"{name}.toml").write_text(manifest)
    settings = {"NEXUS_WORKERS": "1", "NEXUS_THREADS": "8", "NEXUS_HTTP_SEND_TIMEOUT_MS": "1500"}
    settings["NEXUS_CACHE_DIR"] = str(shared_cache())
    with serving(folder, tmp_path_factory.mktemp("server"), **settings) as running:
        yield running


def ask(server: Server, path: str) -> socket.socket:
    """Return a connection on which *path* was asked for."""
    client = socket.create_connection(("127.0.0.1", server.port), timeout=60)
    client.sendall(f"GET {path} HTTP/1.1\r\nHost: h\r\n\r\n".encode())
    return client


def until_received(client: socket.socket, wanted: bytes) -> bytes:
    received = b""
    while wanted not in received:
        part = client.recv(65536)
        assert part, received
        received += part
    return received


def test_the_first_event_arrives_when_it_is_written(server: Server) -> None:
    with ask(server, "/events") as client:
        received = until_received(client, b"data: 0\n\n").lower()
        assert b"transfer-encoding: chunked" in received
        assert b"content-type: text/event-stream" in received
        assert b"all sent" not in server.log.read_bytes()
        assert server.metric('nexus_pool_instances{state="active"}') == 1
        assert b"data: 1\n\n" in until_received(client, b"\r\n0\r\n\r\n")
        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n")  # it is kept alive
        assert b"200" in until_received(client, b"\r\n")
    until(lambda: server.metric(ENDED % ("events", "ok")) == 1)


@pytest.mark.parametrize("name", ["ticking", "sleeping"])
def test_a_client_that_leaves_ends_the_guest(server: Server, name: str) -> None:
    with ask(server, f"/{name}") as client:
        until_received(client, b"\r\n\r\n")
    until(lambda: server.metric(ENDED % (name, "cancelled")) == 1, timeout_s=20)


def test_a_client_that_does_not_receive_ends_it_too(server: Server) -> None:
    with ask(server, "/flood"):
        until(lambda: server.metric(ENDED % ("flood", "cancelled")) == 1, timeout_s=30)


@pytest.mark.only("gunicorn")
def test_the_deadline_ends_a_wait_for_the_client(server: Server) -> None:
    with ask(server, "/late"):
        until(lambda: server.metric(ENDED % ("late", "timeout")) == 1, timeout_s=20)


@pytest.mark.only("gunicorn")
def test_an_answer_that_fails_in_the_middle_does_not_look_whole(server: Server) -> None:
    client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    client.request("GET", "/broken")
    with pytest.raises(http.client.IncompleteRead) as caught:
        client.getresponse().read()
    assert b"half" in caught.value.partial
    client.close()
    until(lambda: b"its answer was cut off: EXECUTION_ERROR" in server.log.read_bytes())
    assert b"Traceback" not in server.log.read_bytes()
