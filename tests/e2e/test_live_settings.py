"""Two workers under load whose mounted folder of settings changes."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.config.mounted import Mounted
from tests.wat import prints

from .conftest import Server, serving, until

START = {"max_request_bytes": "100\n", "NEXUS_MAX_QUEUE": "50", "max_host_calls": "77"}


@pytest.fixture(scope="module")
def mounted(http_server: str, tmp_path_factory: pytest.TempPathFactory) -> Mounted:
    return Mounted(tmp_path_factory.mktemp("settings"), **START)


@pytest.fixture(scope="module")
def server(
    http_server: str, mounted: Mounted, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("handlers")
    (folder / "echo.wat").write_text(prints("Content-Type: text/plain\n\nhere"))
    (folder / "own.wat").write_text(prints("Content-Type: text/plain\n\nhere"))
    (folder / "own.toml").write_text("timeout_ms = 4000\n")
    settings = {
        "NEXUS_CONFIG_FOLDER": str(mounted.path),
        "NEXUS_MAX_HOST_CALLS": "99",  # wins over the folder
        "NEXUS_LOG_FORMAT": "json",
    }
    with serving(folder, tmp_path_factory.mktemp("server"), **settings) as running:
        until(lambda: count(running, "handlers, ") == 2)  # both have loaded
        yield running


def count(server: Server, text: str) -> int:
    return sum(text in line for line in server.log.read_text().splitlines())


def posted(server: Server, size: int, path: str = "/echo") -> set[int]:
    """The statuses of 20 requests with a body of *size* bytes, each on its own connection."""
    return {server.get(path, b"x" * size).status for _ in range(20)}


@contextmanager
def load(server: Server) -> Iterator[list[int]]:
    """Two clients that ask without a pause; the statuses they are answered."""
    statuses: list[int] = []
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            statuses.append(server.get("/echo").status)

    clients = [threading.Thread(target=ask) for _ in range(2)]
    for client in clients:
        client.start()
    try:
        yield statuses
    finally:
        over.set()
        for client in clients:
            client.join()


def test_a_swap_counts_in_every_worker_and_no_request_fails(
    server: Server, mounted: Mounted
) -> None:
    before, origin = server.workers(), f"(folder {mounted.path})"
    assert posted(server, 90) == {200}
    assert posted(server, 110) == {413}
    with load(server) as statuses:
        mounted.swap(**{**START, "max_request_bytes": "40", "max_instances": "3"})
        until(lambda: count(server, f"max_request_bytes: 40 instead of 100 {origin}") == 2)
        until(lambda: posted(server, 90) == {413})  # handlers have their limits soon afterwards
        mounted.swap(**{**START, "max_request_bytes": "200", "max_instances": "12"})
        until(lambda: count(server, f"max_request_bytes: 200 instead of 40 {origin}") == 2)
        until(lambda: posted(server, 110) == {200})
        seen = len(statuses)
        until(lambda: len(statuses) > seen + 20)
    assert set(statuses) == {200}
    assert posted(server, 110, "/own") == {200}  # its manifest says something else only
    assert server.workers() == before
    assert count(server, "max_instances: 12 instead of 3 ") == 2
    assert count(server, "max_host_calls") == 0  # the environment wins, before and after


def test_a_broken_swap_keeps_the_last_good_settings(server: Server, mounted: Mounted) -> None:
    bad = {"max_request_bytes": "5k", "max_queue": "-1", "timeout_mz": "3"}
    mounted.swap(**{"NEXUS_LOG_LEVEL": "debug", **bad})
    until(lambda: count(server, "the last good settings stay") >= 6)
    found = f"folder {mounted.path}: "
    for problem in (
        "max_request_bytes: found '5k', allowed: a whole number from 1 to 2147483648",
        "max_queue: found -1, allowed: a whole number from 0 to 100000",
        "timeout_mz: no setting is called so; did you mean timeout_ms?",
    ):
        assert count(server, f"{found}{problem} (the last good settings stay)") == 2
    assert posted(server, 110) == {200}
    mounted.swap(max_request_bytes="20")
    until(lambda: count(server, "right again") == 2)
    until(lambda: posted(server, 30) == {413})


def test_what_cannot_change_is_said_once_for_each_change(server: Server, mounted: Mounted) -> None:
    for workers in ("3", "4"):
        mounted.swap(max_request_bytes="20", workers=workers, engine="wasmtime")
        until(lambda: count(server, "engine: ") == 2)
    # NEXUS_WORKERS is set: the folder's has no say, and nothing is said.
    mounted.swap(max_request_bytes="300", engine="wasmtime", threads="7")
    until(lambda: count(server, "threads: 7 instead of 10") == 2)
    assert count(server, "takes a restart") == 4
    assert count(server, f"engine: wasmtime instead of auto (folder {mounted.path})") == 2
    until(lambda: posted(server, 290) == {200})


def test_a_worker_that_starts_later_has_the_settings_of_now(
    server: Server, mounted: Mounted
) -> None:
    before = server.workers()
    mounted.swap(max_request_bytes="60", engine="wasmtime")
    until(lambda: posted(server, 70) == {413})
    loads = count(server, "handlers, ")
    for worker in before:
        os.kill(worker, signal.SIGKILL)
    until(lambda: count(server, "handlers, ") >= loads + 2)
    assert posted(server, 70) == {413}
    assert not server.workers() & before
