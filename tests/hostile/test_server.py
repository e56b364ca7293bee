"""Some of the corpus against a real gunicorn: the workers stay the same, and others are served."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator

import pytest

from tests.e2e.conftest import Server, serving

from .case import OK, Case
from .conftest import write
from .corpus import CASES, INNOCENT

_NAMES = {
    "loop",
    "loop-by-br-table-of-1000",
    "loop-out-of-cpu",
    "start-function-loops",
    "memory-fill-in-a-loop",
    "memory-grown-until-it-fails",
    "recursion",
    "recursion-with-4000-locals",
    "recursion-through-host-calls",
    "recursion-in-the-start-function",
    "memory-of-4-gib",
    "iovec-that-wraps-around",
    "flood-of-stdout",
    "poll-for-an-hour",
    "exit-from-the-start-function",
    "cr-in-a-header",
    "response-before-the-response",
}
SERVED = [case for case in CASES if case.name in _NAMES]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("handlers")
    for case in (*SERVED, INNOCENT):
        write(case, folder)
    with serving(folder, tmp_path_factory.mktemp("server")) as running:
        yield running


def attack(server: Server, case: Case) -> None:
    answer = server.get(f"/{case.name}")
    if case.code == OK:
        assert (answer.status, answer.body) == (200, case.body)
    elif case.code == "INVALID_HANDLER":
        assert json.loads(answer.body)["code"] == "HANDLER_NOT_LOADED"
    else:
        assert json.loads(answer.body)["code"] == case.code


def test_nothing_harms_the_workers(server: Server) -> None:
    assert len(SERVED) == len(_NAMES)
    before = server.workers()
    for case in SERVED:
        attack(server, case)
        assert server.get("/innocent").body == b"still here"
    assert server.workers() == before


def test_nothing_harms_the_workers_at_once(server: Server) -> None:
    before = server.workers()
    failures: list[str] = []

    def attacks(cases: list[Case]) -> None:
        for case in cases:
            try:
                attack(server, case)
            except AssertionError as error:
                failures.append(f"{case.name}: {error}")

    threads = [threading.Thread(target=attacks, args=(SERVED[at::4],)) for at in range(4)]
    for thread in threads:
        thread.start()
    served = [server.get("/innocent").status for _ in range(20)]
    for thread in threads:
        thread.join()
    assert failures == []
    assert served == [200] * 20
    assert server.workers() == before
