"""Workers and masters that come and go under load: nothing is lost but what a killed one had."""

from __future__ import annotations

import itertools
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.wat import ECHO

from .conftest import Server, serving, until
from .numbered import Connection, exchange

CLIENTS = 6


@dataclass
class Load:
    """What numbered requests came to, while they were sent one after the other."""

    answered: int = 0
    lost: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _over: threading.Event = field(default_factory=threading.Event)

    def ask(self, server: Server, client: int) -> None:
        numbers = itertools.count(client, CLIENTS)
        while not self._over.is_set():
            try:
                connection = Connection(server)
            except OSError as error:
                self._note(f"cannot connect: {error!r}")
                continue
            with closing(connection):
                self._ask_on(connection, numbers)

    def _ask_on(self, connection: Connection, numbers: Iterator[int]) -> None:
        """Ask as long as the connection is kept."""
        is_fresh = kept = True
        while kept and not self._over.is_set():
            number = next(numbers)
            one = exchange(number, number // CLIENTS % 2)
            try:
                connection.send(one.request)
                status, body, kept = connection.answer()
            except OSError as error:
                # One that was kept may be closed at the same moment (RFC 9112 section 9.3.1).
                if is_fresh or connection.has_part_of_an_answer():
                    self._note(f"{number}: {error!r}")
                return
            if (status, body) != (one.status, one.body):
                self._note(f"{number}: {status} {body!r}")
            with self._lock:
                self.answered += 1
            is_fresh = False

    def _note(self, what: str) -> None:
        with self._lock:
            self.lost.append(what)

    def stop(self) -> None:
        self._over.set()

    def go_on(self, more: int = 200) -> None:
        """Wait until so many more were answered."""
        wanted = self.answered + more
        until(lambda: self.answered >= wanted)


@contextmanager
def load_on(server: Server) -> Iterator[Load]:
    load = Load()
    with ThreadPoolExecutor(CLIENTS) as clients:
        asking = [clients.submit(load.ask, server, client) for client in range(CLIENTS)]
        try:
            load.go_on()
            yield load
            load.go_on()
        finally:
            load.stop()
    for one in asking:
        one.result()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Start a server; it ends with the test."""
    folder = tmp_path / "handlers"
    folder.mkdir()
    (folder / "echo.wat").write_text(ECHO)
    settings = {"NEXUS_ACCESS_LOG": "false", "NEXUS_DRAIN_DELAY_MS": "300"}
    with ExitStack() as stack:
        yield lambda **environ: stack.enter_context(
            serving(folder, tmp_path, **settings, **environ)
        )


def ready_workers(server: Server) -> int:
    """How many workers have loaded their handlers since the start."""
    return server.log.read_text().count("1 handlers, 0 with problems")


def test_a_hangup_replaces_all_workers(serve: Callable[..., Server]) -> None:
    server = serve()
    before = server.workers()
    with load_on(server) as load:
        server.process.send_signal(signal.SIGHUP)
        until(lambda: len(server.workers()) == 2 and not server.workers() & before)
    assert load.lost == []


def test_workers_are_added_and_taken_away(serve: Callable[..., Server]) -> None:
    server = serve()
    with load_on(server) as load:
        for count in (3, 4):
            server.process.send_signal(signal.SIGTTIN)
            until(lambda wanted=count: len(server.workers()) == wanted)  # type: ignore[misc]
        until(lambda: ready_workers(server) == 4)
        load.go_on()
        for count in (3, 2, 1):
            server.process.send_signal(signal.SIGTTOU)
            until(lambda wanted=count: len(server.workers()) == wanted)  # type: ignore[misc]
    assert load.lost == []


def test_workers_that_end_after_so_many_requests(serve: Callable[..., Server]) -> None:
    server = serve(GUNICORN_CMD_ARGS="--max-requests 100 --max-requests-jitter 50")
    seen = server.workers()
    with load_on(server) as load:
        for _ in range(10):
            load.go_on()
            seen |= server.workers()
    assert load.lost == []
    assert len(seen) > 4


def test_a_new_master_takes_over(serve: Callable[..., Server]) -> None:
    server = serve()
    successor = 0
    try:
        with load_on(server) as load:
            before = server.workers()
            server.process.send_signal(signal.SIGUSR2)
            until(lambda: ready_workers(server) == 4)
            (successor,) = server.workers() - before
            server.process.send_signal(signal.SIGTERM)
            server.process.wait(60)
            load.go_on()
        assert load.lost == []
    finally:
        if successor:
            os.kill(successor, signal.SIGTERM)
            until(lambda: not Path(f"/proc/{successor}").exists())


def test_workers_end_in_order_when_their_master_is_killed(serve: Callable[..., Server]) -> None:
    """Without it nobody would replace them. They answer what arrives meanwhile, then leave the
    port."""
    server = serve()
    workers = server.workers()
    connections = [Connection(server) for _ in range(CLIENTS)]
    exchanges = [exchange(number, 0) for number in range(CLIENTS)]
    for connection, one in zip(connections, exchanges, strict=True):
        connection.send(one.request[:-1])  # one byte is yet to come
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait(60)
    for connection, one in zip(connections, exchanges, strict=True):
        with closing(connection):
            connection.send(one.request[-1:])
            status, body, _ = connection.answer()
            assert body == one.body or status == 503  # where this came late
    until(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers))
    with pytest.raises(ConnectionRefusedError):
        Connection(server)


def test_a_killed_worker_loses_what_it_had_alone(serve: Callable[..., Server]) -> None:
    server = serve()
    with load_on(server) as load:
        for _ in range(5):
            killed = min(server.workers())
            os.kill(killed, signal.SIGKILL)
            until(lambda gone=killed: len(server.workers() - {gone}) == 2)  # type: ignore[misc]
            load.go_on()
    # Each client had one connection, perhaps to the killed one; none was answered wrongly.
    assert len(load.lost) <= 5 * CLIENTS
    assert all("Error" in what for what in load.lost), load.lost
