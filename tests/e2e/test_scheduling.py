"""A scheduling policy on a real server: one place, and who waits goes by priority."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.wat import prints, sleeps

from .conftest import ROOT, Server, serving, until

NAP = prints("Content-Type: text/plain\n\nrested", first=sleeps(60))
LONG_NAP = prints("Content-Type: text/plain\n\nrested", first=sleeps(3000))


@pytest.fixture(scope="module")
def server(http_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("handlers")
    for name, source, priority in (("hold", LONG_NAP, 5), ("low", NAP, 1), ("high", NAP, 8)):
        (folder / f"{name}.wat").write_text(source)
        (folder / f"{name}.toml").write_text(f"timeout_ms = 20000\npriority = {priority}\n")
    settings = {
        "NEXUS_WORKERS": "1",
        "NEXUS_THREADS": "8",
        "NEXUS_MIN_INSTANCES": "1",
        "NEXUS_MAX_INSTANCES": "1",
        "NEXUS_SCHEDULING_POLICY": "priority",
        "NEXUS_SCHEDULING_PRIORITY_HEADER": "X-Priority",
        "NEXUS_SCHEDULING_AGEING_MS": "600000",
    }
    with serving(folder, tmp_path_factory.mktemp("server"), **settings) as running:
        yield running


def test_who_waits_goes_by_the_manifest_and_the_header(server: Server) -> None:
    asked = [
        ("low", "/low", {}),
        ("low, nonsense", "/low", {"X-Priority": "very"}),
        ("high", "/high", {}),
        ("low, said 9", "/low", {"X-Priority": "9"}),
        ("high, said 0", "/high", {"X-Priority": "0"}),
    ]
    ended: list[str] = []

    def ask(name: str, path: str, headers: dict[str, str]) -> int:
        status = server.get(path, headers=headers).status
        ended.append(name)
        return status

    with ThreadPoolExecutor(6) as threads:
        holds = threads.submit(server.get, "/hold")
        until(lambda: server.metric('nexus_pool_instances{state="active"}') == 1)
        waiting = []
        for number, request in enumerate(asked):
            waiting.append(threads.submit(ask, *request))
            until(lambda number=number: server.metric("nexus_queue_depth") == number + 1)
        assert not holds.done()
        assert [future.result(20) for future in waiting] == [200] * 5
    assert ended == ["low, said 9", "high", "low", "low, nonsense", "high, said 0"]


def test_a_policy_that_is_not_there_ends_the_start(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", "from nexus.cli import main; main()", "serve"],
        env={
            **os.environ,
            "NEXUS_HANDLERS_DIR": str(tmp_path),
            "NEXUS_CACHE_DIR": str(tmp_path / "cache"),
            "NEXUS_SCHEDULING_POLICY": "fairest",
            "PYTHONPATH": str(ROOT),
        },
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 2, ended.stderr
    assert "scheduling_policy: found 'fairest', allowed: " in ended.stderr
    assert "Traceback" not in ended.stderr
