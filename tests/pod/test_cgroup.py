"""Which groups bound the process, and in which order they come."""

from __future__ import annotations

from pathlib import Path

import pytest

from nexus.pod.cgroup import groups
from tests.pod.machine import V2_MOUNT, machine, v1_mount

UNIFIED = V2_MOUNT.replace("/sys/fs/cgroup", "/sys/fs/cgroup/unified")


def found(
    root: Path, membership: str, mounts: str, controller: str = "cpu"
) -> list[tuple[int, str, str]]:
    """Version, path and folder (below *root*) of each group."""
    machine(root, {"proc/self/cgroup": membership, "proc/self/mountinfo": mounts})
    return [
        (group.version, group.path, str(group.folder.relative_to(root)))
        for group in groups(controller, root)
    ]


@pytest.mark.parametrize("mounts", [v1_mount("cpu") + UNIFIED, UNIFIED + v1_mount("cpu")])
def test_version_1_comes_first_however_it_was_mounted(tmp_path: Path, mounts: str) -> None:
    """Of equal quotas the first group decides."""
    assert found(tmp_path, "0::/pod/new\n2:cpu:/pod/old\n", mounts) == [
        (1, "/pod/old", "sys/fs/cgroup/cpu/pod/old"),
        (1, "/pod", "sys/fs/cgroup/cpu/pod"),
        (1, "/", "sys/fs/cgroup/cpu"),
        (2, "/pod/new", "sys/fs/cgroup/unified/pod/new"),
        (2, "/pod", "sys/fs/cgroup/unified/pod"),
        (2, "/", "sys/fs/cgroup/unified"),
    ]


def test_only_the_controllers_own_hierarchy_counts(tmp_path: Path) -> None:
    mounts = v1_mount("cpu,cpuacct") + v1_mount("memory")
    membership = "3:memory:/m\n2:cpu,cpuacct:/c\n"
    assert found(tmp_path, membership, mounts, "memory") == [
        (1, "/m", "sys/fs/cgroup/memory/m"),
        (1, "/", "sys/fs/cgroup/memory"),
    ]
    assert found(tmp_path, membership, mounts, "cpuset") == []


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (r"/sys/fs/a\040b", "sys/fs/a b"),
        (r"/sys/fs/a\011b", "sys/fs/a\tb"),
        (r"/sys/fs/a\012b", "sys/fs/a\nb"),
        (r"/sys/fs/a\134b", "sys/fs/a\\b"),
        # A backslash that stands before digits is no escape once it was written as one.
        (r"/sys/fs/a\134040b", r"sys/fs/a\040b"),
        (r"/sys/fs/a\134134b", r"sys/fs/a\134b"),
    ],
)
def test_the_kernels_escapes_in_a_mount_point(tmp_path: Path, written: str, meant: str) -> None:
    mount = v1_mount("cpu", point=written)
    assert found(tmp_path, "2:cpu:/\n", mount) == [(1, "/", meant)]


def test_a_named_hierarchy_without_controllers_is_not_version_2(tmp_path: Path) -> None:
    """`1:name=systemd:/x` has no controller, and neither has `5::/x` of an odd kernel."""
    assert found(tmp_path, "1:name=systemd:/x\n5::/odd\n", V2_MOUNT) == []
    assert found(tmp_path, "nonsense\n\n0::/app\n", V2_MOUNT)[0] == (2, "/app", "sys/fs/cgroup/app")


def test_other_mounts_and_short_lines_are_passed_over(tmp_path: Path) -> None:
    mounts = "22 1 0:1 / /proc rw - proc proc rw\n\n30 24 - cgroup2\n30 24 0:1 / /x rw\n"
    assert found(tmp_path, "0::/app\n", mounts) == []


def test_no_proc_at_all_is_no_group(tmp_path: Path) -> None:
    assert groups("cpu", tmp_path) == []


def test_a_file_that_is_not_there_reads_as_none(tmp_path: Path) -> None:
    root = machine(tmp_path, {"proc/self/cgroup": "0::/\n", "proc/self/mountinfo": V2_MOUNT})
    (group,) = groups("cpu", root)
    assert group.read("cpu.max") is None
    assert group.folder == root / "sys/fs/cgroup"
