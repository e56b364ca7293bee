"""Versions on a real server with two workers: served at once, whatever dies meanwhile."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.support import shared_cache

from .conftest import Answer, Server, serving, until

TOKEN = {"Authorization": "Bearer secret"}


@pytest.fixture
def server(http_server: str, tmp_path: Path) -> Iterator[Server]:
    environ = {"NEXUS_ADMIN_TOKEN": "secret", "NEXUS_CACHE_DIR": str(shared_cache())}
    (tmp_path / "handlers").mkdir()
    with serving(tmp_path / "handlers", tmp_path, **environ) as running:
        yield running


def says(text: str) -> bytes:
    return f'export default {{ fetch: () => new Response("{text}") }};'.encode()


def call(server: Server, method: str, path: str, body: bytes | None = None, **given: str) -> Answer:
    said = {name.replace("_", "-"): value for name, value in given.items()}
    headers = {**TOKEN, "Content-Type": "text/javascript", **said}
    url = f"http://127.0.0.1:{server.port}{path}"
    request = urllib.request.Request(url, data=body, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return Answer(response.status, response.headers, response.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.headers, error.read())


def deploy(server: Server, text: str) -> Any:
    answer = call(server, "PUT", "/v1/handlers/hello", says(text))
    assert answer.status in (200, 201), answer.body
    return json.loads(answer.body)


def test_requests_through_ten_deploys(server: Server) -> None:
    """None fails, and in the end all workers answer by the newest."""
    deploy(server, "n0")
    news = "versions/hello serves at /hello"  # each worker logs it once it serves
    until(lambda: server.log.read_text().count(news) >= len(server.workers()) == 2)
    answers: list[tuple[int, bytes]] = []
    ended = threading.Event()

    def ask() -> None:
        while not ended.is_set():
            answer = server.get("/hello")
            answers.append((answer.status, answer.body))

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for number in range(1, 11):
        assert deploy(server, f"n{number}")["id"] == f"v{number + 1}"
    until(lambda: sum(body == b"n10" for _, body in answers[-50:]) == 50)
    ended.set()
    for thread in threads:
        thread.join()
    assert {status for status, _ in answers} == {200}
    assert {body for _, body in answers} <= {f"n{number}".encode() for number in range(11)}


def test_a_restart_serves_what_was_deployed(http_server: str, tmp_path: Path) -> None:
    environ = {
        "NEXUS_ADMIN_TOKEN": "secret",
        "NEXUS_CACHE_DIR": str(shared_cache()),
        "NEXUS_STATE_DIR": str(tmp_path / "state"),
    }
    (tmp_path / "handlers").mkdir()
    with serving(tmp_path / "handlers", tmp_path, **environ) as running:
        deploy(running, "kept")
    del environ["NEXUS_ADMIN_TOKEN"]
    with serving(tmp_path / "handlers", tmp_path, **environ) as running:
        assert running.get("/hello").body == b"kept"
        # One worker may still load: it answers 503.
        until(lambda: {running.get("/v1/handlers").status for _ in range(10)} == {404})


def test_a_worker_killed_during_a_deploy_leaves_the_old_or_the_new(server: Server) -> None:
    seed = random.Random(18)
    last = 0
    deploy(server, "n0")
    for number in range(1, 9):

        def put(text: str = f"n{number}") -> None:
            with suppress(OSError, AssertionError):  # its worker was killed
                deploy(server, text)

        thread = threading.Thread(target=put)
        thread.start()
        thread.join(seed.random() * 0.15)  # somewhere between upload and activation
        for pid in server.workers():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        thread.join()
        until(lambda: _answers(server))
        listed = json.loads(call(server, "GET", "/v1/handlers/hello/versions").body)
        serving_now = [v["id"] for v in listed["versions"] if v["weight"]]
        assert len(serving_now) == 1
        shown = json.loads(
            call(server, "GET", f"/v1/handlers/hello/versions/{serving_now[0]}").body
        )
        text = shown["files"][0]["text"]
        assert text in (says(f"n{last}").decode(), says(f"n{number}").decode())
        if text == says(f"n{number}").decode():
            last = number
        until(lambda: server.get("/hello").body == f"n{last}".encode())  # noqa: B023
    assert deploy(server, "end")
    until(lambda: server.get("/hello").body == b"end")


def _answers(server: Server) -> bool:
    with suppress(OSError):
        return server.get("/readyz").status == 200
    return False
