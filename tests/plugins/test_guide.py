"""Every command of docs/plugins.md, one after another, as somebody would type them."""

from __future__ import annotations

import json
import signal
import threading
from pathlib import Path

import pytest

from tests.e2e.conftest import Server, free_port, until, wait_ready
from tests.support import ROOT
from tests.wat import prints, sleeps

from .shell import Shell

OK = "Content-Type: text/plain\n\nok"
DEPTH = "nexus_queue_depth"


def commands() -> list[str]:
    lines = (ROOT / "docs" / "plugins.md").read_text().splitlines()
    return [line.removeprefix("    $ ") for line in lines if line.startswith("    $ ")]


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    folder = tmp_path_factory.mktemp("guide")
    handlers = folder / "examples"
    handlers.mkdir()
    (handlers / "long.wat").write_text(prints(OK, first=sleeps(4000)))
    for name in ("first", "second", "third"):
        (handlers / f"{name}.wat").write_text(prints(OK, first=sleeps(150)))
    return Shell(
        folder,
        NEXUS_CACHE_DIR=str(folder / "cache"),
        NEXUS_COMPILER="cranelift",
        NEXUS_WORKERS="1",
        NEXUS_THREADS="8",
        NEXUS_MAX_INSTANCES="1",
        NEXUS_MIN_INSTANCES="0",
        NEXUS_DRAIN_DELAY_MS="0",
        NEXUS_TIMEOUT_MS="20000",
    )


def order_of_answers(server: Server) -> list[str]:
    """While one request keeps the only place, three more come: which is answered when.

    The access log tells: how soon an answer is read here is the machine's whim.
    """
    threads = []
    for waiting, name in enumerate(("long", "first", "second", "third")):
        threads.append(threading.Thread(target=server.get, args=(f"/{name}",)))
        threads[-1].start()
        if name == "long":
            until(lambda: server.metric('nexus_pool_instances{state="active"}') == 1)
        else:
            until(lambda waiting=waiting: server.metric(DEPTH) == waiting)
    for thread in threads:
        thread.join()
    logged = server.log.read_text().splitlines()
    lines = [json.loads(line) for line in logged if line.startswith("{")]
    return [line["handler"] for line in lines if line.get("handler") and line.get("status") == 200]


def served(shell: Shell, line: str) -> list[str]:
    """The order of answers of the server that *line* starts."""
    port, log = free_port(), shell.folder / "serve.log"
    process = shell.start(line.replace("127.0.0.1:8000", f"127.0.0.1:{port}"), log)
    server = Server(process, port, log)
    try:
        wait_ready(server, log)
        return order_of_answers(server)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def test_every_command_of_the_guide(shell: Shell) -> None:
    lines = commands()
    outputs = {}
    for line in lines:
        if "nexus serve" in line:
            assert served(shell, line) == ["long", "third", "second", "first"]
            fifo = line.replace("=newest-first", "=fifo")
            assert served(shell, fifo) == ["long", "first", "second", "third"]
        else:
            outputs[line] = shell(line)
    assert "nexus_scheduling_policies" in outputs["nexus plugins"]
    assert ["newest-first", "0.1.0", "nexus-newest-first"] in [
        row.split()[:3] for row in outputs["nexus plugins"].splitlines()
    ]
    assert "2 passed" in outputs["python -m pytest nexus-newest-first/tests"]
    assert "newest-first" in shell("nexus plugins"), "installed from the wheel"
    assert len(lines) == 9


def test_what_is_written_passes_our_own_checks(tmp_path: Path, shell: Shell) -> None:
    """Style and types, as `make lint` has them."""
    shell(f"nexus new-plugin checked --directory {tmp_path}")
    folder = tmp_path / "nexus-checked"
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert files == {
        *("README.md", "pyproject.toml", "setup.cfg", "tests/test_checked.py"),
        *("nexus_checked/__init__.py", "nexus_checked/policy.py", "nexus_checked/py.typed"),
    }
    for path in folder.rglob("*"):
        if path.is_file():
            text = path.read_text()
            assert "@" not in text.replace("@hookimpl", ""), f"{path}: a mark is left"
            assert max(map(len, [*text.splitlines(), ""])) <= 100, path
