"""Handlers that wait for upstream servers, in a real worker."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest

from tests.outbound.servers import Seen, answer
from tests.outbound.servers import Server as Upstream
from tests.support import shared_cache
from tests.wat import prints

from .conftest import Server, serving, until

WAITING = 12
THREADS = 2


class Slow:
    """An upstream that answers no request before *WAITING* have arrived, but `/now` at once."""

    def __init__(self) -> None:
        self._all_here = Barrier(WAITING, timeout=30)
        self.held, self.release = Event(), Event()
        self.server = Upstream(answers=self._answer)

    def _answer(self, seen: Seen) -> bytes:
        if seen.path == "/together":
            self._all_here.wait()
        if seen.path == "/held":
            self.held.set()
            assert self.release.wait(30)
        return answer(seen.path.encode())


@pytest.fixture(scope="module")
def slow() -> Iterator[Slow]:
    found = Slow()
    yield found
    found.release.set()
    found.server.close()


@pytest.fixture(scope="module")
def server(
    http_server: str, slow: Slow, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("handlers")
    (folder / "call.js").write_text(
        f'export default (request) => fetch("{slow.server.url}" + new URL(request.url).pathname)'
    )
    (folder / "call.toml").write_text(f'http = ["{slow.server.url}"]\nstrip_prefix = true\n')
    (folder / "hello.wat").write_text(prints("Content-Type: text/plain\n\nhello"))
    settings = {"NEXUS_WORKERS": "1", "NEXUS_THREADS": str(THREADS), "NEXUS_TIMEOUT_MS": "30000"}
    settings["NEXUS_MAX_INSTANCES"] = "2"
    settings["NEXUS_CACHE_DIR"] = str(shared_cache())
    with serving(folder, tmp_path_factory.mktemp("scratch"), **settings) as found:
        until(lambda: found.get("/call/now").status == 200)
        yield found


def test_an_answer_comes_through(server: Server) -> None:
    assert server.get("/call/now").body == b"/now"


@pytest.mark.only("gunicorn")  # granian's threads are its own
def test_more_requests_may_wait_than_there_are_threads_and_places(server: Server) -> None:
    """None of them is answered before all have reached the upstream."""
    with ThreadPoolExecutor(WAITING) as clients:
        found = list(clients.map(lambda _: server.get("/call/together"), range(WAITING)))
    assert {(one.status, one.body) for one in found} == {(200, b"/together")}


@pytest.mark.only("gunicorn")  # granian's threads are its own
def test_others_are_served_while_all_threads_wait(server: Server, slow: Slow) -> None:
    with ThreadPoolExecutor(WAITING) as clients:
        waiting = [clients.submit(server.get, "/call/held") for _ in range(THREADS)]
        assert slow.held.wait(30)
        for _ in range(20):
            assert server.get("/hello").body == b"hello"
        assert not any(one.done() for one in waiting)
        slow.release.set()
        assert {one.result().body for one in waiting} == {b"/held"}


def test_requests_are_counted_and_logged(server: Server, slow: Slow) -> None:
    label = f'handler="call",host="{slow.server.url}",outcome="answered"'
    before = server.metric(f"nexus_outbound_requests_total{{{label}}}")
    answered = server.get("/call/now?secret")
    until(lambda: server.metric(f"nexus_outbound_requests_total{{{label}}}") > before)
    assert server.metric("nexus_outbound_seconds_count") >= 1
    assert server.metric('nexus_outbound_bytes_total{direction="received"') >= len(answered.body)
    lines = [json.loads(line) for line in server.log.read_text().splitlines() if "{" in line[:1]]
    (mine,) = [line for line in lines if line["logger"] == "nexus.outbound"][-1:]
    assert (mine["url"], mine["status"]) == (f"{slow.server.url}/now", 200)
    access = [line for line in lines if line["logger"] == "nexus.access"]
    assert mine["execution_id"] in {line.get("execution_id") for line in access}
