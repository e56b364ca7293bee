"""Every profile runs for real, in a cgroup with its CPU and memory: `python -m tests.deploy.live`
does the same for longer, and prints the table of docs/cpu.md."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.deploy.live import measure
from tests.deploy.pod import CPU, MEMORY
from tests.deploy.render import profiles

pytestmark = [
    pytest.mark.skipif(
        sys.version_info < (3, 11), reason="the profiles' memory is that of the image, on wasmtime"
    ),
    pytest.mark.skipif(
        not (os.access(CPU, os.W_OK) and (MEMORY / "memory.limit_in_bytes").exists()),
        reason="no cgroup v1 that this user may write",
    ),
]


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the runtimes are compiled once, like in the image."""
    return tmp_path_factory.mktemp("image") / "cache"


@pytest.mark.parametrize("profile", [name.removeprefix("cpu-") for name in profiles()])
def test_profile_serves_javascript_and_webassembly(profile: str, image: Path) -> None:
    row = measure(profile, 2, image, ["wasm", "js"])
    assert row.fine, f"{row}\n{row.log}"


def test_edge_serves_python_too(image: Path) -> None:
    row = measure("edge", 2, image, ["wasm", "js", "py"])
    assert row.fine, f"{row}\n{row.log}"


def test_too_little_memory_is_found(image: Path) -> None:
    row = measure("edge", 2, image, ["wasm", "js"], memory_mib=64)
    assert row.kills > 0
    assert not row.fine
