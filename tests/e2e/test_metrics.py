"""Metrics of a real gunicorn: on a full disk, and while workers come and go."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support import small_disk
from tests.wat import prints

from .conftest import serving, until

OK = 'nexus_handler_executions_total{handler="hello",status="ok"}'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "handlers"
    made.mkdir()
    (made / "hello.wat").write_text(prints("Content-Type: text/plain\n\nhello"))
    return made


def fill(disk: Path) -> None:
    with suppress(OSError), open(disk / "ballast", "wb", buffering=0) as ballast:
        while True:
            ballast.write(bytes(1024))


def test_a_disk_that_is_full_from_the_start(folder: Path, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "64k") as disk:
        fill(disk)
        os.truncate(disk / "ballast", 48 << 10)  # without any room Python takes another folder
        with serving(folder, tmp_path, TMPDIR=str(disk)) as server:
            workers = server.workers()
            for _ in range(50):
                assert server.get("/hello").body == b"hello"
            answer = server.get("/metrics")
            assert answer.status == 200
            assert f"{OK} 0.0" in answer.body.decode().splitlines(), answer.body.decode()
            assert server.get("/hello").body == b"hello"
            assert server.workers() == workers
            log = server.log.read_text()
            assert "no room for figures of this process" in log
            assert "SIGBUS" not in log


def test_a_disk_that_fills_up_and_is_emptied(folder: Path, tmp_path: Path) -> None:
    with (
        small_disk(tmp_path / "disk", "2m") as disk,
        serving(folder, tmp_path, TMPDIR=str(disk)) as server,
    ):
        workers = server.workers()
        fill(disk)
        for _ in range(20):
            server.get("/hello")
            assert server.get("/metrics").status == 200
        assert server.workers() == workers
        (disk / "ballast").unlink()
        until(lambda: server.metric(OK) == 20)
        assert server.workers() == workers


def test_workers_that_come_and_go_leave_one_file_of_each_kind(folder: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    arguments = "--max-requests 20"
    with serving(folder, tmp_path, TMPDIR=str(run), GUNICORN_CMD_ARGS=arguments) as server:
        (metrics,) = run.glob("nexus-*/metrics")
        seen: set[int] = set()
        for _ in range(200):
            assert server.get("/hello").body == b"hello"
            seen |= server.workers()
        until(lambda: len(server.workers()) == 2)
        assert len(seen) > 5
        until(lambda: server.metric(OK) == 200)
        server.get("/hello")
        kinds = {path.name.rpartition("_")[0] for path in metrics.glob("*.db")}
        files = len(list(metrics.glob("*.db")))
        assert files <= 4 * len(kinds), sorted(path.name for path in metrics.glob("*.db"))
