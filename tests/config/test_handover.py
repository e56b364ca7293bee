"""gunicorn's master, started without `nexus serve`, hands its settings down all the same."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nexus.config import LiveSettings, Settings, load
from tests.support import ROOT

SHOW = """
import json, os, nexus.server.settings as settings
print(json.dumps({"environ": dict(os.environ), "threads": settings.threads,
                  "workers": settings.workers}))
"""


def master(folder: Path, **environ: str) -> dict[str, Any]:
    """What a master that starts in *folder* makes of *environ*."""
    ran = subprocess.run(
        [sys.executable, "-c", SHOW],
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
    started = master(tmp_path, NEXUS_CONFIG_FOLDER="mounted")
    assert started["threads"] == 6
    (tmp_path / "nexus.toml").write_text("max_queue = 8\nengine = 'wasmer'")
    (mounted / "timeout_ms").write_text("800")
    (mounted / "compiler").write_text("auto")
    worker = load({}, started["environ"], Path("/"))
    settings = worker.settings
    assert (settings.timeout_ms, settings.max_queue, settings.threads) == (800, 7, 6)
    assert (settings.compiler, settings.engine) == ("cranelift", "auto")
    assert worker.sources["timeout_ms"] == f"folder {mounted}"


def test_what_was_derived_is_no_change(
    tmp_path: Path, mounted: Path, caplog: pytest.LogCaptureFixture
) -> None:
    started = master(tmp_path, NEXUS_CONFIG_FOLDER="mounted", NEXUS_CPU_PROFILE="latency")
    assert started["environ"]["NEXUS_WORKERS"] == str(started["workers"])
    live = LiveSettings(load({}, started["environ"], tmp_path))
    applied: list[Settings] = []
    live.take(applied.append)
    assert (applied, caplog.messages) == ([], [])
    (mounted / "workers").write_text("77")
    live.take(applied.append)
    assert [line.split(" instead")[0] for line in caplog.messages] == ["workers: 77"]


def test_without_sources_nothing_is_handed_down(tmp_path: Path) -> None:
    environ = master(tmp_path)["environ"]
    assert "NEXUS_CONFIG_HANDED_DOWN" not in environ
    assert "NEXUS_TIMEOUT_MS" not in environ
