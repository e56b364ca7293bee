"""Endless loops in WAT and in C, many at once: each ends at its deadline, and nothing else does."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.wat import one, prints

from .conftest import Server, serving

ROUNDS, THREADS = 10, 8
TIMEOUT_S = 0.3
LATEST_S = TIMEOUT_S + 3.0
"""generous, since the machine may be busy; `bench/deadline.py` measures how late they really are"""

C_LOOP = """
volatile unsigned turns;
void _start(void) { for (;;) turns++; }
"""


def compiled(source: str, scratch: Path) -> bytes:
    """A program in C without a library, which takes a second."""
    pytest.importorskip("ziglang")
    (scratch / "loop.c").write_text(source)
    command = ["cc", "-target", "wasm32-freestanding", "-nostdlib", "-Os", "-Wl,--no-entry"]
    subprocess.run(
        [sys.executable, "-m", "ziglang", *command, "-Wl,--export=_start", "-o", "out", "loop.c"],
        check=True,
        cwd=scratch,
    )
    return (scratch / "out").read_bytes()


@pytest.fixture(scope="module")
def server(http_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("handlers")
    (folder / "hello.wat").write_text(prints("Content-Type: text/plain\n\nhello"))
    (folder / "wat.wat").write_text(one("(loop (br 0))"))
    (folder / "c.wasm").write_bytes(compiled(C_LOOP, tmp_path_factory.mktemp("c")))
    for name in ("wat", "c"):
        (folder / f"{name}.toml").write_text(f"timeout_ms = {round(TIMEOUT_S * 1000)}\n")
    with serving(folder, tmp_path_factory.mktemp("server")) as running:
        yield running


def timed(server: Server, path: str) -> tuple[int, str, float]:
    """Status, code and how long it took."""
    began = time.monotonic()
    answer = server.get(path)
    took_s = time.monotonic() - began
    code = "" if answer.status == 200 else json.loads(answer.body)["code"]
    return answer.status, code, took_s


def test_endless_loops_end_at_their_deadline(server: Server) -> None:
    before = server.workers()
    found: list[tuple[int, str, float]] = []

    def spin(first: int) -> None:
        for turn in range(ROUNDS):
            found.append(timed(server, ("/wat", "/c")[(first + turn) % 2]))

    threads = [threading.Thread(target=spin, args=(at,)) for at in range(THREADS)]
    for thread in threads:
        thread.start()
    served = []
    while any(thread.is_alive() for thread in threads):
        served.append(timed(server, "/hello"))
    for thread in threads:
        thread.join()

    assert [(status, code) for status, code, _ in found] == [(504, "TIMEOUT")] * ROUNDS * THREADS
    assert min(took for *_, took in found) >= TIMEOUT_S
    assert max(took for *_, took in found) < LATEST_S
    assert len(served) > ROUNDS
    assert {status for status, *_ in served} == {200}
    assert max(took for *_, took in served) < LATEST_S
    assert server.workers() == before
    assert server.get("/readyz").status == 200


def test_how_late_they_were_is_in_the_metrics(server: Server) -> None:
    for path in ("/wat", "/c"):
        assert timed(server, path)[:2] == (504, "TIMEOUT")
    late, timeouts = "nexus_watchdog_overshoot_seconds", 'nexus_errors_total{code="TIMEOUT"}'
    runs = 'nexus_handler_executions_total{handler="wat",status="timeout"}'
    seen = server.scrape_when(lambda now: now[f"{late}_count"] == now[timeouts] >= 2)
    assert seen[runs] >= 1
    assert seen[f'{late}_bucket{{le="+Inf"}}'] == seen[f"{late}_count"]
    assert 0 <= seen[f"{late}_sum"] < seen[f"{late}_count"] * LATEST_S
