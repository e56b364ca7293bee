"""Many requests at once on each of many connections, some of which are cut off: every answer is the
one to its own request."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.wat import ECHO

from .conftest import Server, serving, until
from .numbered import KINDS, Connection, exchange

CLIENTS, BATCHES, BATCH = 16, 63, 20
"""20,160 requests"""


@pytest.fixture(scope="module")
def server(http_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("handlers")
    (folder / "echo.wat").write_text(ECHO)
    settings = {"NEXUS_WORKERS": "1", "NEXUS_THREADS": "6", "NEXUS_ACCESS_LOG": "false"}
    with serving(folder, tmp_path_factory.mktemp("server"), **settings) as running:
        yield running


def ask(server: Server, client: int) -> tuple[int, int]:
    """Ask in batches; return how many answers were right, and how many requests were cut off."""
    choices = random.Random(client)
    right = cut_off = 0
    connection: Connection | None = None
    for batch in range(BATCHES):
        start = (client * BATCHES + batch) * BATCH
        exchanges = [exchange(start + i, choices.randrange(KINDS)) for i in range(BATCH)]
        connection = connection or Connection(server)
        connection.send(b"".join(one.request for one in exchanges), choices)
        wanted = choices.randrange(BATCH) if choices.random() < 0.2 else BATCH
        for one in exchanges[:wanted]:
            status, body, kept = connection.answer(to_head=one.is_head)
            assert status == one.status
            assert body == one.body or one.body is None
            assert kept
            right += 1
        if wanted < BATCH:
            connection.reset()
            connection, cut_off = None, cut_off + BATCH - wanted
    if connection is not None:
        connection.close()
    return right, cut_off


def test_no_answer_is_crossed(server: Server) -> None:
    (worker,) = server.workers()
    descriptors = Path(f"/proc/{worker}/fd")
    before = len(list(descriptors.iterdir()))
    with ThreadPoolExecutor(CLIENTS) as clients:
        found = list(clients.map(lambda client: ask(server, client), range(CLIENTS)))
    right, cut_off = (sum(column) for column in zip(*found, strict=True))
    assert right + cut_off == CLIENTS * BATCHES * BATCH > 20_000
    assert cut_off > 500
    assert server.workers() == {worker}
    until(lambda: len(list(descriptors.iterdir())) <= before + 1)
