"""The runtime API of a real server; the commands of `docs/api.md`, as they stand there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import ROOT, shared_cache

from .conftest import Server, serving, until


def commands() -> list[str]:
    """The shell commands of the documentation: its indented lines."""
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    return [line[4:] for line in text.splitlines() if line.startswith("    ")]


CURL = [line for line in commands() if line.startswith("curl ")]


@pytest.fixture(scope="module")
def server(http_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("api")
    (folder / "handlers").mkdir()
    shell = "\n".join(line for line in commands() if line not in CURL)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(
        ["sh", "-e", "-c", shell], cwd=folder, env={**os.environ, "PATH": path}, check=True
    )
    scratch = tmp_path_factory.mktemp("server")
    environ = {"NEXUS_ADMIN_TOKEN": "secret", "NEXUS_CACHE_DIR": str(shared_cache())}
    with serving(folder / "handlers", scratch, **environ) as running:
        yield running


@pytest.mark.parametrize("command", CURL, ids=range(len(CURL)))
def test_the_commands_of_the_documentation(server: Server, command: str) -> None:
    command = command.replace("127.0.0.1:8000", f"127.0.0.1:{server.port}")
    done = subprocess.run(["sh", "-c", f"{command} --fail"], capture_output=True, check=True)
    found = json.loads(done.stdout)
    if "executions" in command:
        assert (found["status"], found["return_value"]) == ("success", {"count": 42})


def test_the_pool_is_a_workers(server: Server) -> None:
    seen: set[int] = set()

    def all_have_answered() -> bool:
        answer = server.get("/v1/pool", headers={"Authorization": "Bearer secret"})
        seen.add(json.loads(answer.body)["worker"])
        return seen == server.workers()

    until(all_have_answered)


def test_the_token_reaches_no_log(server: Server, tmp_path: Path) -> None:
    answer = server.get("/v1/pool", headers={"Authorization": "Bearer wrong-secret"})
    assert answer.status == 401
    assert "secret" not in server.log.read_text()
