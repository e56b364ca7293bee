"""Pressure stall information: whose it is, and what is read of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from nexus.pod import Pressure, pressure
from tests.pod.machine import machine, v2_machine

PSI = "some avg10=1.50 avg60=0.25 avg300=0.00 total=2500000\nfull avg10=0.00 avg60=0.00 total=7\n"


def test_the_group_that_tells_it_comes_first(tmp_path: Path) -> None:
    root = v2_machine(tmp_path, "/app", {"app/cpu.pressure": PSI, "cpu.pressure": "\n"})
    assert pressure(root) == Pressure("group", 2.5, 1.5, 0.25)


def test_a_container_that_sees_its_group_topmost(tmp_path: Path) -> None:
    root = v2_machine(tmp_path, "/", {"cpu.pressure": PSI, "cgroup.events": "populated 1\n"})
    found = pressure(root)
    assert found is not None
    assert found.scope == "group"


def test_else_the_machine_tells_it(tmp_path: Path) -> None:
    root = v2_machine(tmp_path, "/", {"cpu.pressure": PSI})
    assert pressure(root) == Pressure("machine", 2.5, 1.5, 0.25)
    bare = machine(tmp_path / "bare", {"proc/pressure/cpu": PSI})
    assert pressure(bare) == Pressure("machine", 2.5, 1.5, 0.25)


def test_no_psi(tmp_path: Path) -> None:
    assert pressure(machine(tmp_path, {})) is None


@pytest.mark.parametrize("text", ["", "some\n", "full avg10=1 avg60=1 total=1\n", "some avg10=1\n"])
def test_a_file_without_the_figures_is_passed_over(tmp_path: Path, text: str) -> None:
    files = {"app/cpu.pressure": text, "cpu.pressure": PSI}
    assert pressure(v2_machine(tmp_path, "/app", files)) == Pressure("machine", 2.5, 1.5, 0.25)
