"""`nexus serve` with another build of QuickJS than the pinned one."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest

from nexus.guest.js.runtime import PACKAGE
from tests.support import shared_cache

from .conftest import ROOT, serving

HELLO = 'export default { fetch: () => new Response("hello\\n") };'
EMPTY_CUSTOM_SECTION = b"\x00\x05\x04mine"
"""makes of the pinned build another one that behaves the same"""


def shipped() -> bytes:
    """Return the pinned build as its package has it."""
    path = distribution(PACKAGE).locate_file("qjs-wasi-reactor/qjs-wasi-reactor.wasm")
    return Path(str(path)).read_bytes()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "scripts"
    folder.mkdir()
    (folder / "hello.js").write_text(HELLO)
    return folder


def test_requests_are_answered(folder: Path, tmp_path: Path) -> None:
    wasm = shipped() + EMPTY_CUSTOM_SECTION
    path = tmp_path / "quickjs.wasm"
    path.write_bytes(wasm)
    environ = {
        "NEXUS_CACHE_DIR": str(shared_cache()),
        "NEXUS_JAVASCRIPT_RUNTIME": str(path),
        "NEXUS_JAVASCRIPT_RUNTIME_SHA256": hashlib.sha256(wasm).hexdigest(),
    }
    state = tmp_path / "server"
    state.mkdir()
    with serving(folder, state, **environ) as server:
        assert server.get("/hello").body == b"hello\n"


def test_another_file_than_was_said_is_refused(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "quickjs.wasm"
    path.write_bytes(shipped())
    wrong = {
        "NEXUS_JAVASCRIPT_RUNTIME": str(path),
        "NEXUS_JAVASCRIPT_RUNTIME_SHA256": "0" * 64,
    }
    code = "from nexus.cli import main; main()"
    ended = subprocess.run(
        [sys.executable, "-c", code, "serve", "--handlers", str(folder)],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT), "NEXUS_COMPILER": "cranelift", **wrong},
    )
    assert ended.returncode == 2
    assert f"javascript_runtime_sha256: found {'0' * 64}, allowed: that of" in ended.stderr
