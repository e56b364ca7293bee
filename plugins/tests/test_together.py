"""Plugins that need no service of their own, all in one real server."""

from __future__ import annotations

import http.server
import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import jwt
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.e2e.conftest import Answer, Server, serving, until

ECHO = r"""(module
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 128) "Content-Type: text/plain\n\n")
  (func (export "_start")
    (drop (call $sizes (i32.const 0) (i32.const 4)))
    (drop (call $get (i32.const 4096) (i32.const 16384)))
    (i32.store (i32.const 64) (i32.const 128)) (i32.store (i32.const 68) (i32.const 26))
    (i32.store (i32.const 72) (i32.const 16384)) (i32.store (i32.const 76) (i32.load (i32.const 4)))
    (drop (call $write (i32.const 1) (i32.const 64) (i32.const 2) (i32.const 80)))))"""
"""answers with its environment, a NUL after each variable"""
SECRET = "shared by the issuer and the server, in this test alone"
TRACE = "0af7651916cd43dd8448eb211c80319c"


@dataclass
class Collector:
    """An OTLP receiver that keeps the names of spans by their trace."""

    url: str = ""
    names: dict[str, set[str]] = field(default_factory=dict)

    def take(self, body: bytes) -> None:
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            for scope in resource.scope_spans:
                for span in scope.spans:
                    self.names.setdefault(span.trace_id.hex(), set()).add(span.name)


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    found = Collector()

    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == "/v1/traces":
                found.take(body)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: Any) -> None: ...

    receiving = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=receiving.serve_forever, args=(0.05,))
    thread.start()
    found.url = f"http://127.0.0.1:{receiving.server_port}"
    yield found
    receiving.shutdown()
    thread.join()
    receiving.server_close()


@pytest.fixture(scope="module")
def agent() -> Iterator[socket.socket]:
    """A StatsD agent's socket."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(10)
        yield listening


@pytest.fixture(scope="module")
def running(
    tmp_path_factory: pytest.TempPathFactory, collector: Collector, agent: socket.socket
) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("handlers")
    (folder / "echo.wat").write_text(ECHO)
    (folder / "open.wat").write_text(ECHO)
    tables = {
        "jwt": {
            "key": {"test": {"algorithm": "HS256", "secret": SECRET}},
            "issuer": "me",
            "routes": {"/open": {"access": "public"}},
        },
        "statsd": {"port": agent.getsockname()[1]},
        "opentelemetry": {"endpoint": collector.url},
    }
    environ = {"NEXUS_PLUGINS": json.dumps(tables), "OTEL_BSP_SCHEDULE_DELAY": "100"}
    with serving(folder, tmp_path_factory.mktemp("server"), **environ) as server:
        yield server


def seen(answer: Answer) -> dict[str, str]:
    """The guest's environment."""
    assert answer.status == 200
    pairs = (pair.partition("=") for pair in answer.body.decode().split("\0") if pair)
    return {name: value for name, _, value in pairs}


def token(**claims: object) -> dict[str, str]:
    made = jwt.encode({"iss": "me", "sub": "ann", "exp": time.time() + 60, **claims}, SECRET)
    return {"Authorization": f"Bearer {made}"}


def test_only_a_valid_token_comes_in_and_its_claims_are_the_guest_s(running: Server) -> None:
    answer = running.get("/echo")
    assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="nexus"')
    answer = running.get("/echo", headers=token(exp=1))
    assert answer.status == 401
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]
    assert json.loads(answer.body)["code"] == "UNAUTHORIZED"
    answer = running.get("/echo", headers={**token(), "X-Nexus-Claims": '{"sub":"root"}'})
    inside = seen(answer)
    assert json.loads(inside["HTTP_X_NEXUS_CLAIMS"])["sub"] == "ann"
    assert (inside["REMOTE_USER"], inside["AUTH_TYPE"]) == ("ann", "Bearer")
    assert "HTTP_AUTHORIZATION" not in inside
    for header in ("X-Nexus-Claims", "X_Nexus_Claims", "Remote-User"):
        inside = seen(running.get("/open", headers={header: '{"sub":"root"}'}))
        assert "HTTP_X_NEXUS_CLAIMS" not in inside
        assert inside["REMOTE_USER"] == ""


def test_a_trace_goes_through_the_server_and_its_guest(
    running: Server, collector: Collector
) -> None:
    came = f"00-{TRACE}-b7ad6b7169203331-01"
    answer = running.get("/open", headers={"traceparent": came})
    inside = seen(answer)["HTTP_TRACEPARENT"]
    assert inside.startswith(f"00-{TRACE}-")
    assert inside != came
    assert answer.headers["traceresponse"] == inside
    wanted = {"GET /open", "queue", "acquire", "execute"}
    until(lambda: collector.names.get(TRACE, set()) >= wanted)


def test_a_statsd_agent_hears_of_it(running: Server, agent: socket.socket) -> None:
    running.get("/open")
    line = b"nexus.handler.executions:"
    deadline = time.monotonic() + 20
    while not any(
        each.startswith(line) and b"handler:open,status:ok" in each
        for each in agent.recv(65536).split(b"\n")
    ):
        assert time.monotonic() < deadline
