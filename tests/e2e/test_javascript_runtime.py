"""`nexus serve` with a QuickJS whose functions have no names."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from nexus.guest.js.runtime import load_runtime
from tests.scripts_evaluated.builds import stripped
from tests.support import shared_cache

from .conftest import ROOT, Server, serving, until

HELLO = 'export default { fetch: () => new Response("hello\\n") };'
DOUBLED = """export default { async fetch(request) {
  const { n } = await request.json();
  return Response.json({ n: 2 * n });
} };"""


@pytest.fixture(scope="module")
def environ(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    wasm = stripped(load_runtime())
    path = tmp_path_factory.mktemp("runtime") / "quickjs.wasm"
    path.write_bytes(wasm)
    return {
        "NEXUS_CACHE_DIR": str(shared_cache()),
        "NEXUS_JAVASCRIPT_RUNTIME": str(path),
        "NEXUS_JAVASCRIPT_RUNTIME_SHA256": hashlib.sha256(wasm).hexdigest(),
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scripts")
    (folder / "hello.js").write_text(HELLO)
    (folder / "doubled.js").write_text(DOUBLED)
    (folder / "kept.js").write_text(HELLO)
    (folder / "kept.toml").write_text('isolation = "reuse"\n')
    return folder


@pytest.fixture(scope="module")
def server(
    folder: Path, environ: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    with serving(folder, tmp_path_factory.mktemp("server"), **environ) as running:
        yield running


def nexus(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from nexus.cli import main; main()", *arguments]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT), "NEXUS_COMPILER": "cranelift", **environ},
    )


def test_requests_are_answered(server: Server) -> None:
    for _ in range(3):
        assert server.get("/hello").body == b"hello\n"
    headers = {"content-type": "application/json"}
    answer = server.get("/doubled", b'{"n": 21}', headers)
    assert (answer.status, json.loads(answer.body)) == (200, {"n": 42})
    runs = 'nexus_handler_executions_total{handler="hello",status="ok"}'
    until(lambda: server.metric(runs) == 3)


def test_state_cannot_stay(server: Server) -> None:
    assert server.get("/kept").status == 404
    assert "kept.toml: isolation: found 'reuse', allowed: reset, fresh" in server.log.read_text()


def test_inspect_says_how_it_is_entered(
    server: Server, folder: Path, environ: dict[str, str]
) -> None:
    told = nexus("inspect", str(folder / "hello.js"), "--json", **environ)
    assert told.returncode == 0, told.stderr
    assert "js-evaluated" in told.stdout


def test_another_file_than_was_said_is_refused(folder: Path, environ: dict[str, str]) -> None:
    wrong = {**environ, "NEXUS_JAVASCRIPT_RUNTIME_SHA256": "0" * 64}
    ended = nexus("serve", "--handlers", str(folder), **wrong)
    assert ended.returncode == 2
    assert f"javascript_runtime_sha256: found {'0' * 64}, allowed: that of" in ended.stderr
