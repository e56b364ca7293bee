"""From ready to gone: instances are warm before the first request, and SIGTERM loses none."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
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
        "NEXUS_THREADS": "4",
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
    with pytest.raises(URLError):
        server.get("/healthz")
