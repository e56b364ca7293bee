"""The working folder is data: whatever lies in it, no command runs it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import shared_cache
from tests.wat import prints

from .conftest import Server, free_port, until, wait_ready

COMMAND = Path(sys.executable).with_name("nexus")
MODULES = (
    *("http", "json", "string", "ctypes", "resource", "logging", "hashlib", "typing_extensions"),
    *("flask", "werkzeug", "pydantic", "prometheus_client", "pluggy", "click", "gunicorn"),
    *("wasmer", "wasmer_compiler_cranelift", "wasmtime", "sitecustomize", "usercustomize"),
    *("settings", "log", "compiler"),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of handlers with a package for each module that Nexus may want to import; a file
    would be a handler in Python."""
    ran = tmp_path / "ran"
    folder = tmp_path / "work"
    folder.mkdir()
    code = f"open({str(ran)!r}, 'a').write(__name__ + '\\n'); raise SystemExit(9)\n"
    for name in (*MODULES, "nexus"):
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(code)
    (folder / "hello.wat").write_text(prints("Content-Type: text/plain\n\nhello"))
    (folder / "script.js").write_text("export default () => new Response('script')")
    return folder


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return {
        **kept,
        "NEXUS_CACHE_DIR": str(tmp_path / "cache"),
        "NEXUS_WORKERS": "1",
        "NEXUS_DRAIN_DELAY_MS": "0",
        "NEXUS_TIMEOUT_MS": "60000",  # the first request may wait for QuickJS to be compiled
    }


@pytest.fixture
def server(folder: Path, tmp_path: Path, environ: dict[str, str]) -> Iterator[Server]:
    port, log = free_port(), tmp_path / "serve.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [COMMAND, "serve", "--handlers", ".", "--bind", f"127.0.0.1:{port}"],
            cwd=folder,
            env=environ,
            stdout=output,
            stderr=output,
        )
    running = Server(process, port, log)
    try:
        wait_ready(running, log)
        yield running
    finally:
        process.terminate()
        process.wait(30)


def masters(pid: int) -> set[int]:
    """Children that are no workers: gunicorn's next masters."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {
        int(child)
        for child in children
        if b"GUNICORN_PID=" in Path(f"/proc/{child}/environ").read_bytes()
    }


def test_serve_imports_nothing_from_it(server: Server, tmp_path: Path) -> None:
    assert server.get("/hello").body == b"hello"
    assert server.get("/script").body == b"script"
    old = server.process
    old.send_signal(signal.SIGUSR2)
    until(lambda: len(masters(old.pid)) == 1)
    (successor,) = masters(old.pid)
    try:
        until(lambda: server.log.read_text().count("Listening at") == 2)
        old.terminate()
        old.wait(60)
        body = server.get("/hello").body  # only the new master has a worker
        assert body == b"hello"
        assert server.get("/script").body == b"script"
        assert not (tmp_path / "ran").exists(), (tmp_path / "ran").read_text()
    finally:
        os.kill(successor, signal.SIGTERM)
        until(lambda: not Path(f"/proc/{successor}").exists())


@pytest.mark.parametrize(
    "arguments",
    [("run", "hello.wat"), ("run", "script.js"), ("inspect", "."), ("plugins",), ("config",)],
    ids=" ".join,
)
def test_no_command_imports_anything_from_it(
    folder: Path, tmp_path: Path, environ: dict[str, str], arguments: tuple[str, ...]
) -> None:
    if arguments in (("run", "script.js"), ("inspect", ".")):
        environ["NEXUS_CACHE_DIR"] = str(shared_cache())
    done = subprocess.run(
        [COMMAND, *arguments], cwd=folder, env=environ, capture_output=True, timeout=120
    )
    assert done.returncode == 0, done.stderr.decode()
    assert not (tmp_path / "ran").exists(), (tmp_path / "ran").read_text()
