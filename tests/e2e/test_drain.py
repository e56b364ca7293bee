"""From ready to gone: instances are warm before the first request, and SIGTERM loses none."""

from __future__ import annotations

import select
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError

import pytest

from tests.wat import prints, sleeps

from .conftest import Answer, Server, serving, until

HELLO = prints("Content-Type: text/plain\n\nhello")
NAP = prints("Content-Type: text/plain\n\nrested", first=sleeps(5000))


@pytest.fixture(scope="module")
def server(http_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One worker, so that what a request sees is what there is."""
    folder = tmp_path_factory.mktemp("handlers")
    (folder / "hello.wat").write_text(HELLO)
    (folder / "nap.wat").write_text(NAP)
    (folder / "nap.toml").write_text("timeout_ms = 20000\n")
    settings = {
        "NEXUS_WORKERS": "1",
        "NEXUS_THREADS": "6",
        "GUNICORN_CMD_ARGS": "--threads 4",  # what the server has counts, not the setting
        "NEXUS_MIN_INSTANCES": "8",
        "NEXUS_DRAIN_DELAY_MS": "2000",
    }
    with serving(folder, tmp_path_factory.mktemp("server"), **settings) as running:
        yield running


def test_ready_means_warm(server: Server) -> None:
    """The fixture ends with the first 200 of /readyz; then every thread has both handlers."""
    assert server.metric('nexus_pool_instances{state="available"}') >= 8
    made = server.metric("nexus_pool_instances_created_total")
    assert server.get("/hello").body == b"hello"
    assert server.metric("nexus_pool_instances_created_total") == made


def test_sigterm_drains(server: Server) -> None:
    answers: list[Answer] = []
    under_way = threading.Thread(target=lambda: answers.append(server.get("/nap")))
    under_way.start()
    until(lambda: server.metric('nexus_pool_instances{state="active"}') == 1)
    server.process.send_signal(signal.SIGTERM)
    until(lambda: server.get("/readyz").status == 503, timeout_s=2)
    assert b"draining" in server.get("/readyz").body
    assert server.get("/healthz").status == 200
    assert server.get("/hello").body == b"hello"
    assert answers == []  # it is still under way, and goes on past the end of the delay
    under_way.join(20)
    assert [(answer.status, answer.body) for answer in answers] == [(200, b"rested")]
    assert server.process.wait(20) == 0
    assert "was sent SIG" not in server.log.read_text(), "a worker crashed at its end"
    with pytest.raises(URLError):
        server.get("/healthz")


def test_a_connection_that_was_accepted_still_gets_its_answer(
    http_server: str, tmp_path: Path
) -> None:
    """The worker stops between the client's connection and its request."""
    folder = tmp_path / "handlers"
    folder.mkdir()
    (folder / "hello.wat").write_text(HELLO)
    with (
        serving(folder, tmp_path, NEXUS_WORKERS="1") as running,
        socket.create_connection(("127.0.0.1", running.port), timeout=20) as client,
    ):
        running.get("/healthz")  # accepted after the client's, which therefore is accepted, too
        running.process.send_signal(signal.SIGTERM)
        until(lambda: "Handling signal: term" in running.log.read_text(), look_s=0.01)
        closed, _, _ = select.select([client], [], [], 0.1)  # shorter than the worker lingers
        assert not closed
        client.sendall(b"GET /hello HTTP/1.1\r\nHost: here\r\n\r\n")
        found = b""
        while more := client.recv(65536):
            found += more
        assert found.startswith(b"HTTP/1.1 200 OK\r\n")
        assert b"\r\nconnection: close\r\n" in found.lower()
        assert running.process.wait(20) == 0
