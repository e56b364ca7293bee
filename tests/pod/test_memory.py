from __future__ import annotations

from pathlib import Path

from nexus.pod import memory_limit
from nexus.pod.memory import MemoryLimit
from tests.pod.machine import machine, v1_mount, v2_machine

MIB = 1 << 20
NO_LIMIT = "9223372036854771712\n"


def test_v2_tightest_of_nested_groups(tmp_path: Path) -> None:
    files = {"pod/memory.max": f"{256 * MIB}\n", "pod/box/memory.max": "max\n"}
    found = memory_limit(v2_machine(tmp_path, "/pod/box", files))
    assert found == MemoryLimit(256 * MIB, "memory.max of group /pod", True)


def test_v1_limit(tmp_path: Path) -> None:
    assert memory_limit(v1(tmp_path, f"{128 * MIB}\n", NO_LIMIT)) == MemoryLimit(
        128 * MIB, "memory.limit_in_bytes of group /", True
    )


def test_v1_limit_of_a_group_that_cannot_be_seen(tmp_path: Path) -> None:
    assert memory_limit(v1(tmp_path, NO_LIMIT, f"{64 * MIB}\n")) == MemoryLimit(
        64 * MIB, "hierarchical_memory_limit of group /", True
    )


def v1(root: Path, limit: str, whole: str) -> Path:
    return machine(
        root,
        {
            "proc/self/cgroup": "4:memory:/docker/abc\n",
            "proc/self/mountinfo": v1_mount("memory", "/docker/abc"),
            "sys/fs/cgroup/memory/memory.limit_in_bytes": limit,
            "sys/fs/cgroup/memory/memory.stat": f"cache 1\nhierarchical_memory_limit {whole}",
        },
    )


def test_without_a_limit_the_machine_decides(tmp_path: Path) -> None:
    found = memory_limit(v1(tmp_path, NO_LIMIT, NO_LIMIT))
    assert found == MemoryLimit(16 << 30, "memory of the machine", False)


def test_unknown(tmp_path: Path) -> None:
    assert memory_limit(machine(tmp_path, {"proc/meminfo": "nonsense\n"})) is None
