"""What goes wrong around a serving worker: it answers all along."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support import small_disk
from tests.wat import one, prints

from .conftest import Server, serving, until


def says(text: str) -> str:
    return prints(f"Content-Type: text/plain\n\n{text}")


# Its compilation takes some seconds: long enough to be met in the middle.
HUGE = '(module (memory (export "memory") 1) {} (func (export "_start")))'.format(
    "\n".join(
        f"(func (param i64) (result i64) {'(i64.mul (local.get 0) ' * 60}(i64.const {n}){')' * 60})"
        for n in range(4000)
    )
)


@contextmanager
def asked_all_along(server: Server) -> Iterator[None]:
    """Ask for `/hello` again and again meanwhile; every answer must be 200."""
    statuses: list[int] = []
    finished = threading.Event()

    def ask() -> None:
        while not finished.is_set():
            statuses.append(server.get("/hello").status)

    asker = threading.Thread(target=ask)
    asker.start()
    try:
        yield
    finally:
        finished.set()
        asker.join()
    assert len(statuses) > 1
    assert set(statuses) == {200}


def children(pid: int) -> set[int]:
    """Child processes of all threads of *pid*; none where it has ended."""
    found: set[int] = set()
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found.update(int(child) for child in task.read_text().split())
        except OSError:
            continue
    return found


def compilers(server: Server) -> set[int]:
    return {child for worker in server.workers() for child in children(worker)}


def test_a_compiler_killed_in_mid_compilation(tmp_path: Path) -> None:
    folder = tmp_path / "handlers"
    folder.mkdir()
    (folder / "hello.wat").write_text(says("hello"))
    with serving(folder, tmp_path) as server, asked_all_along(server):
        workers = server.workers()
        (folder / "huge.wat").write_text(HUGE)
        until(lambda: bool(compilers(server)))
        for child in compilers(server):
            os.kill(child, signal.SIGKILL)
        until(lambda: "the compiler died (signal 9)" in server.log.read_text())
        (folder / "huge.wat").write_text(says("small"))
        until(lambda: server.get("/huge").body == b"small")
        assert server.workers() == workers


def test_damaged_artifacts_at_the_start(tmp_path: Path) -> None:
    folder = tmp_path / "handlers"
    folder.mkdir()
    for name in ("hello", "other"):
        (folder / f"{name}.wat").write_text(says(f"hello from {name}"))
    with serving(folder, tmp_path):
        artifacts = list((tmp_path / "cache" / "artifacts").glob("*.nxa"))
    assert len(artifacts) == 2
    for artifact in artifacts:
        content = artifact.read_bytes()
        artifact.write_bytes(content[: len(content) // 2])
    with serving(folder, tmp_path) as server:
        for name in ("hello", "other"):
            assert server.get(f"/{name}").body == f"hello from {name}".encode()
        assert "is damaged or of another version; compiling again" in server.log.read_text()


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system on which there is no room for an artifact."""
    with small_disk(tmp_path / "disk", "8k") as folder:
        (folder / "ballast").write_bytes(bytes(4096))
        yield folder


def test_a_full_disk(tmp_path: Path, full_disk: Path) -> None:
    folder = tmp_path / "handlers"
    folder.mkdir()
    (folder / "hello.wat").write_text(says("hello"))
    # Requests wait that long for a worker that still compiles what it cannot keep.
    environ = {"NEXUS_CACHE_DIR": str(full_disk), "NEXUS_TIMEOUT_MS": "60000"}
    with serving(folder, tmp_path, **environ) as server:
        with asked_all_along(server):
            (folder / "trap.wat").write_text(one("unreachable"))
            until(lambda: server.get("/trap").status == 500)
        assert "so the next start compiles again: [Errno 28]" in server.log.read_text()
