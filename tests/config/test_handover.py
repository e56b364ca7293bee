"""gunicorn's master, started without `nexus serve`, hands its settings down all the same."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nexus.config import LiveSettings, Loaded, Settings, inherit, load
from nexus.pod.derived import sized
from tests.support import ROOT

MASTER = """
import json, os, pathlib, sys, nexus.server.start.settings as settings
from nexus.config import inherit
from nexus.server.start.prepared import prepared

before = dict(os.environ)
for name, text in json.loads(sys.argv[1]).items():
    pathlib.Path(name).write_text(text)
worker = inherit(prepared().loaded, ())
names = ("timeout_ms", "max_queue", "threads", "workers", "compiler", "engine")
print(json.dumps({
    "settings": {name: getattr(worker.settings, name) for name in names},
    "source": worker.sources["timeout_ms"],
    "threads": settings.threads,
    "nexus": sorted(name for name in os.environ if name.startswith("NEXUS_")),
}))
"""


def worker(folder: Path, changes: dict[str, str], **environ: str) -> dict[str, Any]:
    """What a worker has whose master started in *folder* before *changes* of files."""
    ran = subprocess.run(
        [sys.executable, "-c", MASTER, json.dumps(changes)],
        cwd=folder,
        env={"HOME": str(folder), "PYTHONPATH": str(ROOT), **environ},
        capture_output=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


@pytest.fixture
def mounted(tmp_path: Path) -> Path:
    made = tmp_path / "mounted"
    made.mkdir()
    return made


def test_workers_of_a_bare_gunicorn_get_what_it_read(tmp_path: Path, mounted: Path) -> None:
    (mounted / "timeout_ms").write_text("700")
    (mounted / "compiler").write_text("cranelift")
    (tmp_path / "nexus.toml").write_text("max_queue = 7\nhttp_max_concurrent = 6")
    changes = {
        "nexus.toml": "max_queue = 8\nengine = 'wasmer'",
        "mounted/timeout_ms": "800",
        "mounted/compiler": "auto",
    }
    found = worker(tmp_path, changes, NEXUS_CONFIG_FOLDER="mounted")
    settings = found["settings"]
    assert found["threads"] == settings["threads"] == 6
    assert (settings["timeout_ms"], settings["max_queue"]) == (800, 7)
    assert (settings["compiler"], settings["engine"]) == ("cranelift", "auto")
    assert found["source"] == f"folder {mounted}"


def test_nothing_of_it_stands_in_the_environment(tmp_path: Path) -> None:
    found = worker(tmp_path, {}, NEXUS_CPU_PROFILE="latency")
    shared = ["NEXUS_READY_DIR", "NEXUS_RUN_DIR", "NEXUS_STUCK_LOG_DIR"]
    assert found["nexus"] == ["NEXUS_CPU_PROFILE", *shared]
    assert found["settings"]["workers"] >= 1


def test_what_was_derived_is_no_change(
    tmp_path: Path, mounted: Path, caplog: pytest.LogCaptureFixture
) -> None:
    environ = {"HOME": str(tmp_path), "NEXUS_CONFIG_FOLDER": str(mounted)}
    master: Loaded = sized(load({}, environ, tmp_path)).loaded
    live = LiveSettings(inherit(master, ()))
    applied: list[Settings] = []
    live.take(applied.append)
    assert (applied, caplog.messages) == ([], [])
    (mounted / "workers").write_text("77")
    live.take(applied.append)
    assert [line.split(" instead")[0] for line in caplog.messages] == ["workers: 77"]
