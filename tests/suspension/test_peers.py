"""A resume that reaches a worker which does not have the execution finds the one that has."""

from __future__ import annotations

import json
import os
import random
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from nexus.errors import (
    InternalError,
    NexusError,
    Overloaded,
    SuspensionConflict,
    SuspensionGone,
    SuspensionNotFound,
)
from nexus.model import ExecutionResult, ExtensionAnswer, Handler
from nexus.suspension import wire
from nexus.suspension.peers import Peers
from tests.support import until
from tests.suspension.support import Worker, id_of

Make = Callable[..., Worker]


@pytest.fixture
def pair(make: Make, tmp_path: Path) -> tuple[Worker, Worker]:
    return make(folder=tmp_path), make(folder=tmp_path)


def test_any_worker_resumes(pair: tuple[Worker, Worker], served: Handler) -> None:
    chosen = random.Random(7)
    results = [chosen.choice(pair).execute(served, "thrice") for _ in range(8)]
    for _ in range(3):
        results = [chosen.choice(pair).resume(result, 5) for result in results]
    assert [(result.status, result.return_value) for result in results] == [("success", 15)] * 8


def test_a_result_from_afar_is_the_same(pair: tuple[Worker, Worker], served: Handler) -> None:
    here, there = pair
    near = here.resume(here.execute(served, "thrice"), 1)
    far = there.resume(here.execute(served, "thrice"), 1)
    assert near.suspension is not None
    assert far.suspension is not None
    assert far.suspension.keys() == near.suspension.keys()
    assert (far.status, far.events, far.suspension["arguments"]) == (
        "suspended",
        [{"asked": 2}],
        [2],
    )
    assert far.metrics is not None
    assert near.metrics is not None
    assert far.metrics.keys() == near.metrics.keys()


def test_all_workers_suspensions_are_listed(pair: tuple[Worker, Worker], served: Handler) -> None:
    made = [worker.execute(served, "once") for worker in (*pair, *pair)]
    for worker in pair:
        infos = worker.suspensions.all()
        assert [info.id for info in infos] == [id_of(result) for result in made]
        assert {(info.handler, info.method) for info in infos} == {("h", "ask")}


def test_cancelling_from_afar(pair: tuple[Worker, Worker], served: Handler) -> None:
    here, there = pair
    result = here.execute(served, "once")
    there.suspensions.cancel(id_of(result))
    with pytest.raises(SuspensionGone):
        there.resume(result)
    here.until_idle()


def test_one_wins_over_all_workers(pair: tuple[Worker, Worker], served: Handler) -> None:
    for _ in range(10):
        result = pair[0].execute(served, "once")
        together = threading.Barrier(4)

        def resume(
            number: int, of: ExecutionResult = result, at: threading.Barrier = together
        ) -> bool:
            at.wait(10)
            try:
                return pair[number % 2].resume(of, number).return_value == number
            except SuspensionConflict:
                return False

        with ThreadPoolExecutor(4) as threads:
            assert sum(threads.map(resume, range(4))) == 1


def test_a_worker_that_ended(make: Make, tmp_path: Path, served: Handler) -> None:
    here, there = make(folder=tmp_path), make(folder=tmp_path)
    result = there.execute(served, "once")
    there.close()
    with pytest.raises(SuspensionGone, match="the worker that had the suspended execution ended"):
        here.resume(result)
    assert here.suspensions.all() == []


def test_a_worker_that_was_killed_leaves_its_socket(
    make: Make, tmp_path: Path, served: Handler
) -> None:
    here = make(folder=tmp_path)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "dead.sock"))
    assert here.suspensions.all() == []
    assert [path.name for path in tmp_path.glob("dead*")] == [], "and it is cleared away"


def test_another_masters_id_is_unknown(make: Make, tmp_path: Path, served: Handler) -> None:
    here, stranger = make(folder=tmp_path), make(key=b"other" * 7)
    with pytest.raises(SuspensionNotFound):
        here.resume(stranger.execute(served, "once"))


def test_a_worker_that_ends_while_it_answers(tmp_path: Path) -> None:
    asked = threading.Event()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "other.sock"))
        server.listen()

        def hang_up() -> None:
            connection, _ = server.accept()
            with connection:
                wire.receive(connection)
                asked.set()

        thread = threading.Thread(target=hang_up)
        thread.start()
        peers = Peers(tmp_path, "this", lambda message: {})
        assert peers.ask("other", {"resume": "x"}) is None
        assert asked.is_set()
        thread.join()
        peers.close(1.0)


def test_a_worker_that_does_not_answer(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "other.sock"))
        server.listen()
        peers = Peers(tmp_path, "this", lambda message: {})
        with pytest.raises(Overloaded, match="worker other does not answer"):
            peers.ask("other", {"list": True}, 0.05)
        peers.close(1.0)


def test_what_is_no_message_harms_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    peers = Peers(tmp_path, "this", lambda message: {"got": message})
    peers.start()
    for content in (b"", b"\0\0", b"\xff\xff\xff\xff", b"\0\0\0\5nojso", b"\0\0\0\x09ab"):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(tmp_path / "this.sock"))
            client.sendall(content)
            client.shutdown(socket.SHUT_WR)
            assert client.recv(1) == b""
    assert peers.ask("this", {"a": 1}) == {"got": {"a": 1}}
    peers.close(1.0)
    assert os.listdir(tmp_path) == []


def test_others_see_a_socket_only_when_it_listens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until then it refuses connections, as one does that a killed worker left behind."""
    seen: list[list[str]] = []
    listen = socket.socket.listen

    def listens(found: socket.socket, backlog: int) -> None:
        seen.append([path.name for path in tmp_path.glob("*.sock")])
        listen(found, backlog)

    monkeypatch.setattr(socket.socket, "listen", listens)
    peers = Peers(tmp_path, "this", lambda message: message)
    assert seen == [[]]
    assert [path.name for path in tmp_path.iterdir()] == ["this.sock"]
    peers.close(0)


def test_a_worker_with_a_full_backlog_is_busy_and_has_not_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Linux refuses such a connection at once, with EAGAIN."""
    monkeypatch.setattr("nexus.suspension.peers._BACKLOG", 0)
    peers = Peers(tmp_path, "this", lambda message: message)  # accepts nothing before `start`
    with socket.socket(socket.AF_UNIX) as waiting:
        waiting.connect(str(tmp_path / "this.sock"))
        with pytest.raises(Overloaded, match="worker this does not answer"):
            peers.ask("this", {})
    peers.close(0)


def test_a_folder_with_a_long_name(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 50)
    folder.mkdir()
    peers = Peers(folder, "this", lambda message: message)
    peers.start()
    assert peers.ask("this", {"a": 1}) == {"a": 1}
    peers.close(1.0)


@pytest.mark.parametrize("error", [SuspensionGone("a"), Overloaded("b"), SuspensionConflict("c")])
def test_errors_arrive_as_what_they_are(error: NexusError) -> None:
    with pytest.raises(type(error)) as caught:
        wire.check(json.loads(json.dumps(wire.error_out(error))))
    assert str(caught.value) == str(error)


def test_other_errors_are_internal() -> None:
    with pytest.raises(InternalError):
        wire.check(wire.error_out(InternalError("x")))


def test_answers_arrive_as_they_are() -> None:
    answer = ExtensionAnswer(True, '"é"'.encode())
    assert wire.answer_in(json.loads(json.dumps(wire.answer_out(answer)))) == answer


@pytest.fixture
def earlier() -> set[threading.Thread]:
    """Threads that other tests of this process have left."""
    return set(threading.enumerate())


def test_threads_of_peers_end(
    earlier: set[threading.Thread], pair: tuple[Worker, Worker], served: Handler
) -> None:
    pair[1].resume(pair[0].execute(served, "once"))
    for worker in pair:
        worker.close()
    names = ("nexus-peers", "nexus-run", "nexus-suspensions")
    until(lambda: not [t for t in set(threading.enumerate()) - earlier if t.name in names])
