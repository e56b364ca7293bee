from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from nexus.server.start import run_folder
from tests.support import small_disk


def test_without_room_for_the_key_workers_do_not_find_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(run_folder.RUN_DIR, str(tmp_path))
    with small_disk(tmp_path / "disk", "4k") as disk, caplog.at_level(logging.WARNING):
        (disk / "ballast").write_bytes(bytes(4096))
        run_folder._write_key(disk / "key")
    assert run_folder.RUN_DIR not in os.environ
    assert "only the worker that suspended an execution can resume it" in caplog.text


def test_a_folder_that_cannot_be_made_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_folder.tempfile, "tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(run_folder.ConfigError, match="TMPDIR: cannot make a folder there"):
        run_folder.run_folder.__wrapped__()


@pytest.mark.parametrize("module", ["nexus.server.start.settings", "nexus.cli.serve"])
def test_workers_count_in_files_however_gunicorn_is_started(module: str) -> None:
    """prometheus_client decides when it is imported."""
    code = f"""
import {module}
from nexus.server.start.run_folder import run_folder
run_folder()
from prometheus_client import values
print(values.ValueClass.__name__, values.MmapedDict.__name__)"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["MmapedValue", "ReservedFile"]
