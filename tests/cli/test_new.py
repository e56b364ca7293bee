"""`nexus new`: what it writes works, in each language, and its test passes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nexus.cli.new.files import LANGUAGES
from tests.support import ROOT, shared_cache

from .conftest import Nexus


def make(nexus: Nexus, folder: Path, language: str, name: str = "greet") -> str:
    ended = nexus("new", name, f"--{language}", "--handlers", folder / "handlers")
    assert ended.code == 0, ended.err
    return ended.out.decode()


def run_its_test(folder: Path) -> None:
    """Run the test that was written, as its author would: in the folder, with this Python."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("NEXUS_")}
    cache = {"NEXUS_CACHE_DIR": str(shared_cache()), "NEXUS_COMPILER": "cranelift"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]
    ended = subprocess.run(
        command,
        cwd=folder,
        env={**environ, **cache, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ended.returncode == 0, ended.stdout
    assert "2 passed" in ended.stdout


@pytest.mark.parametrize("language", ["python", "js", "ts", "c"])
def test_its_test_passes(nexus: Nexus, tmp_path: Path, language: str) -> None:
    told = make(nexus, tmp_path, language)
    (build,) = [line for line in told.splitlines() if "ziglang cc" in line] or [""]
    assert bool(build) == (language == "c")
    if build:
        command = build.strip().partition("   #")[0].replace("python ", f"{sys.executable} ")
        subprocess.run(command.split(), cwd=tmp_path, check=True, timeout=300)
    run_its_test(tmp_path)


@pytest.mark.skipif(shutil.which("rustc") is None, reason="there is no Rust compiler here")
def test_the_rust_source_is_a_cgi_program(nexus: Nexus, tmp_path: Path) -> None:
    """Built for this machine: few have the standard library for WebAssembly."""
    told = make(nexus, tmp_path, "rust")
    assert "rustc --target wasm32-wasip1" in told
    program = tmp_path / "greet"
    subprocess.run(["rustc", "-o", program, tmp_path / "src/greet.rs"], check=True, timeout=300)
    ended = subprocess.run([program], env={"QUERY_STRING": "name=ann"}, capture_output=True)
    assert ended.stdout == b"Content-Type: text/plain; charset=utf-8\n\nhello ann\n"


@pytest.mark.parametrize("language", LANGUAGES)
def test_names_with_dots_and_dashes(nexus: Nexus, tmp_path: Path, language: str) -> None:
    make(nexus, tmp_path, language, "a-b.c")
    assert (tmp_path / "handlers/a-b.c.toml").read_text().count('"/a-b.c"') == 1
    test = (tmp_path / "tests/test_a_b_c.py").read_text()
    assert "@" not in test
    compile(test, "test", "exec")


def test_another_handler_is_left_alone(nexus: Nexus, tmp_path: Path) -> None:
    make(nexus, tmp_path, "js")
    before = (tmp_path / "handlers/greet.js").read_text()
    ended = nexus("new", "greet", "--python", "--handlers", tmp_path / "handlers")
    assert ended.code == 2
    assert "'greet' is taken" in ended.err
    assert (tmp_path / "handlers/greet.js").read_text() == before
    assert not (tmp_path / "handlers/greet.py").exists()
