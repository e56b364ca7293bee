"""Settings and the pod's resources joined, and what the command line shows of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from nexus.cli.main import command
from nexus.config import load
from nexus.pod import derived as sizing
from nexus.pod import quota
from tests.pod.machine import v2_machine

MIB = 1 << 20


@pytest.fixture
def pod(tmp_path: Path) -> Path:
    files = {"pod/cpu.max": "150000 100000", "pod/memory.max": str(2048 * MIB)}
    return v2_machine(tmp_path, "/pod", files)


@pytest.fixture(autouse=True)
def without_a_settings_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def sized(pod: Path, **environ: str) -> sizing.Sized:
    return sizing.sized(load({}, environ, Path("/nowhere")), pod)


def test_open_numbers_are_derived(pod: Path) -> None:
    found = sized(pod, MAX_INSTANCES="6").loaded
    assert (found.settings.workers, found.settings.threads) == (quota(pod).cores.__ceil__(), 6)
    assert found.sources["workers"] == found.sources["threads"] == sizing.SOURCE
    assert found.sources["max_instances"] == "environment variable MAX_INSTANCES"


def test_numbers_that_were_set_stand(pod: Path) -> None:
    found = sized(pod, NEXUS_WORKERS="3", NEXUS_THREADS="5").loaded
    assert (found.settings.workers, found.settings.threads) == (3, 5)
    assert found.sources["workers"] == "environment variable NEXUS_WORKERS"


def test_http_max_concurrent_decides_the_threads(pod: Path) -> None:
    assert sized(pod, HTTP_MAX_CONCURRENT="7").loaded.settings.threads == 7


def test_a_scheduling_policy_gets_threads_that_wait(pod: Path) -> None:
    asked = {"MAX_INSTANCES": "6", "NEXUS_SCHEDULING_POLICY": "priority"}
    assert sized(pod, **asked).loaded.settings.threads == 24


def test_profile_decides_the_workers(pod: Path) -> None:
    assert sized(pod, NEXUS_CPU_PROFILE="edge").loaded.settings.workers == 1


def test_sizing_twice_changes_nothing(pod: Path) -> None:
    once = sized(pod)
    again = sizing.sized(once.loaded, pod)
    assert again.loaded == once.loaded
    assert again.sizing == once.sizing


def run(*arguments: str, **environ: str) -> str:
    done = CliRunner().invoke(command, ["config", *arguments], env=environ)
    assert done.exit_code == 0, done.output
    return done.output


def test_command_explains_each_number() -> None:
    text = run("--sizing", NEXUS_WORKERS="2", MAX_INSTANCES="4", MEMORY_LIMIT_MB="16")
    lines = [line.split() for line in text.splitlines()]
    assert ["workers", "2", "as", "set"] in lines
    assert any(line[:2] == ["threads", "4"] for line in lines)
    assert any(line[:3] == ["memory:", "instances", "128"] for line in lines)


def test_command_says_what_does_not_fit() -> None:
    text = run("--sizing", NEXUS_WORKERS="256", MAX_INSTANCES="1000", MEMORY_LIMIT_MB="4096")
    assert "warning: memory does not fit by " in text


def test_command_for_machines() -> None:
    rows = json.loads(run("--sizing", "--json", NEXUS_CPU_PROFILE="edge"))
    assert (rows["profile"], rows["workers"]["value"]) == ("edge", 1)
    assert rows["memory_needed_bytes"] == sum(f["value"] for f in rows["memory_bytes"].values())
    assert rows["quota_cores"] == quota().cores


def test_unknown_profile_is_refused() -> None:
    done = CliRunner().invoke(command, ["config"], env={"NEXUS_CPU_PROFILE": "turbo"})
    assert done.exit_code != 0
    assert "burst, guaranteed, throughput, latency, edge" in str(done.exception)
