"""How often the quota held the process back, by the kernel's own figures."""

from __future__ import annotations

from pathlib import Path

from nexus.pod import Throttling, throttling
from tests.pod.machine import machine, v1_mount, v2_machine

STAT = "usage_usec 9\nuser_usec 5\nnr_periods 40\nnr_throttled 30\nthrottled_usec 2500000\n"


def test_v2_counts_microseconds(tmp_path: Path) -> None:
    root = v2_machine(tmp_path, "/app", {"app/cpu.max": "1 2", "app/cpu.stat": STAT})
    assert throttling(root) == Throttling(40, 30, 2.5)


def test_v1_counts_nanoseconds(tmp_path: Path) -> None:
    stat = "nr_periods 21\nnr_throttled 20\nthrottled_time 1250000000\nnr_bursts 0\n"
    root = machine(
        tmp_path,
        {
            "proc/self/cgroup": "1:cpu:/app\n",
            "proc/self/mountinfo": v1_mount("cpu"),
            "sys/fs/cgroup/cpu/app/cpu.stat": stat,
        },
    )
    assert throttling(root) == Throttling(21, 20, 1.25)


def test_the_group_that_throttles_is_the_one_with_the_tightest_quota(tmp_path: Path) -> None:
    files = {
        "pod/cpu.max": "50000 100000",
        "pod/cpu.stat": STAT,
        "pod/box/cpu.max": "max 100000",
        "pod/box/cpu.stat": "nr_periods 0\nnr_throttled 0\nthrottled_usec 0\n",
    }
    assert throttling(v2_machine(tmp_path, "/pod/box", files)) == Throttling(40, 30, 2.5)


def test_without_quota_the_innermost_group_speaks(tmp_path: Path) -> None:
    files = {"pod/cpu.stat": STAT, "pod/box/cpu.stat": STAT.replace("40", "41")}
    found = throttling(v2_machine(tmp_path, "/pod/box", files))
    assert found is not None
    assert found.periods == 41


def test_no_controller_no_figures(tmp_path: Path) -> None:
    assert throttling(v2_machine(tmp_path, "/app", {"app/cpu.stat": "usage_usec 9\n"})) is None
    assert throttling(machine(tmp_path / "bare", {})) is None
