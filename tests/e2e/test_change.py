"""Two workers whose folder changes, and one of whom dies: what all answer, count and log."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import PAGE
from tests.wat import prints

from .conftest import Server, chosen, serving, until

COUNTED = 'nexus_handler_executions_total{handler="counted",status="ok"}'
CREATED = "nexus_pool_instances_created_total"
SUM = 'nexus_handler_execution_seconds_sum{handler="counted"}'
AVERAGE = 'nexus_handler_execution_seconds_average{handler="counted"}'
HIT_RATE, PEAK = "nexus_cache_hit_rate", "nexus_peak_memory_bytes"
ACTIVE = 'nexus_pool_instances{state="active"}'
AVAILABLE = 'nexus_pool_instances{state="available"}'


def says(text: str) -> str:
    return prints(f"Content-Type: text/plain\n\n{text}")


@pytest.fixture(scope="module")
def folder(http_server: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("handlers")


@pytest.fixture(scope="module")
def server(
    http_server: str, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    (folder / "changed.wat").write_text(says("one"))
    (folder / "counted.wat").write_text(says("counted"))
    speaks = prints("Content-Type: text/plain\n\nspoke", stderr="to the log\nand more\n")
    (folder / "speaks.wat").write_text(speaks)
    settings = {"NEXUS_LOG_FORMAT": "json"}
    with serving(folder, tmp_path_factory.mktemp("server"), **settings) as running:
        until(lambda: len(lines(running, "handlers, ")) == 2)  # both have loaded
        yield running


def lines(server: Server, text: str) -> list[str]:
    return [line for line in server.log.read_text().splitlines() if text in line]


def answers(server: Server, path: str) -> set[bytes]:
    """What 20 requests, each on a connection of its own, are answered."""
    return {server.get(path).body for _ in range(20)}


def test_a_changed_handler_is_served_by_all_without_a_restart(server: Server, folder: Path) -> None:
    before = server.workers()
    assert answers(server, "/changed") == {b"one"}
    (folder / "changed.wat").write_text(says("two"))
    until(lambda: len(lines(server, "handlers, ")) == 4)
    assert answers(server, "/changed") == {b"two"}
    assert server.workers() == before


def test_a_broken_edit_keeps_the_last_good_version(server: Server, folder: Path) -> None:
    served = server.get("/changed").body
    (folder / "changed.wat").write_text("(module (func")
    until(lambda: len(lines(server, "changed.wat: ")) == 2)
    assert all("last good version" in line for line in lines(server, "changed.wat: "))
    assert answers(server, "/changed") == {served}
    assert server.get("/readyz").status == 200
    (folder / "changed.wat").write_text(says("three"))
    until(lambda: answers(server, "/changed") == {b"three"})


def test_handlers_come_and_go(server: Server, folder: Path) -> None:
    assert server.get("/new").status == 404
    (folder / "new.wat").write_text(says("new"))
    until(lambda: answers(server, "/new") == {b"new"})
    (folder / "new.wat").unlink()
    until(lambda: all(server.get("/new").status == 404 for _ in range(20)))


def test_a_killed_worker_is_replaced_and_the_metrics_stay_right(server: Server) -> None:
    before = server.workers()
    for _ in range(20):
        assert server.get("/counted").status == 200
    seen = server.scrape_when(lambda now: now[COUNTED] == 20 and now[ACTIVE] == 0)
    assert 0 < seen[AVERAGE] < 1
    assert seen[AVERAGE] == pytest.approx(seen[SUM] / 20)
    assert 0 < seen[HIT_RATE] < 1, "one of the two workers compiled what the other found"
    assert seen[PEAK] == PAGE
    loads = len(lines(server, "handlers, "))
    killed = min(before)
    os.kill(killed, signal.SIGKILL)
    until(lambda: len(server.workers() - {killed}) == 2)
    assert len(server.workers() & before) == 1
    until(lambda: len(lines(server, "handlers, ")) == loads + 1)
    assert len(lines(server, "Booting worker with pid: ")) == len(before) + 1
    # granian's worker may not reach itself, and then starts without warm instances.
    made = 2 if chosen() == "gunicorn" else 0
    after = server.scrape_when(
        lambda now: now[CREATED] >= seen[CREATED] + made and now[HIT_RATE] > seen[HIT_RATE]
    )
    assert after[COUNTED] == 20  # what the dead one counted is not lost
    assert after[AVERAGE] == seen[AVERAGE]
    assert after[PEAK] == seen[PEAK]
    if made:  # without those of the dead one
        assert 4 <= after[AVAILABLE] <= seen[AVAILABLE]
    for _ in range(20):
        assert server.get("/counted").status == 200
    last = server.scrape_when(lambda now: now[COUNTED] == 40 and now[ACTIVE] == 0)
    assert last[AVERAGE] == pytest.approx(last[SUM] / 40)


def test_the_log_is_json_lines_and_says_everything_once(server: Server) -> None:
    assert server.get("/speaks?secret=1").body == b"spoke"
    until(lambda: len(lines(server, '"path":"/speaks"')) == 1)
    entries: list[dict[str, Any]] = [
        json.loads(line) for line in server.log.read_text().splitlines()
    ]
    assert all({"ts", "level", "logger"} <= entry.keys() for entry in entries)
    booted = [e["message"] for e in entries if "Booting worker" in e.get("message", "")]
    assert len(booted) == len(set(booted)) >= 2
    assert len([e for e in entries if e.get("message", "").startswith("Starting gunicorn")]) == 1
    (access,) = [e for e in entries if e.get("path") == "/speaks"]
    said = [e for e in entries if e["logger"] == "nexus.guest"]
    assert [e["message"] for e in said] == ["to the log", "and more"]
    assert {e["execution_id"] for e in said} == {access["execution_id"]}
    assert "secret" not in server.log.read_text()
