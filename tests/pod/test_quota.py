from __future__ import annotations

from pathlib import Path

import pytest

from nexus.pod import quota
from nexus.pod.quota import cpu_list
from tests.pod.machine import machine, v1_mount, v2_machine

ALL = frozenset(range(8))


def test_v2_quota(tmp_path: Path) -> None:
    root = v2_machine(tmp_path, "/app", {"app/cpu.max": "50000 100000\n"})
    found = quota(root, ALL)
    assert (found.cores, found.limited) == (0.5, True)
    assert found.source == "cpu.max of group /app"


@pytest.mark.parametrize(
    ("pod", "container", "cores", "decides"),
    [
        ("150000 100000", "300000 100000", 1.5, "/kube/pod"),
        ("400000 100000", "50000 25000", 2.0, "/kube/pod/box"),
        ("max 100000", "max 100000", 8.0, None),
        ("max 100000", "700000 100000", 7.0, "/kube/pod/box"),
    ],
)
def test_the_tightest_of_nested_groups_wins(
    tmp_path: Path, pod: str, container: str, cores: float, decides: str | None
) -> None:
    files = {"kube/pod/cpu.max": pod, "kube/pod/box/cpu.max": container}
    found = quota(v2_machine(tmp_path, "/kube/pod/box", files), ALL)
    assert found.cores == cores
    assert (found.group.path if found.group else None) == decides


def test_container_with_its_own_cgroup_namespace(tmp_path: Path) -> None:
    root = v2_machine(tmp_path, "/", {"cpu.max": "25000 100000\n"})
    assert quota(root, ALL).cores == 0.25


def test_process_outside_its_namespace_reads_the_mount_point(tmp_path: Path) -> None:
    root = v2_machine(tmp_path, "/../other", {"cpu.max": "25000 100000\n"})
    assert quota(root, ALL).cores == 0.25


def v1(root: Path, group: str, mount: str, files: dict[str, str]) -> Path:
    controllers = "cpu,cpuacct"
    return machine(
        root,
        {
            "proc/self/cgroup": f"4:memory:/x\n3:{controllers}:{group}\n1:name=systemd:/y\n",
            "proc/self/mountinfo": v1_mount("memory") + mount,
            **{f"sys/fs/cgroup/cpu,cpuacct/{name}": text for name, text in files.items()},
        },
    )


def test_v1_quota_on_the_host(tmp_path: Path) -> None:
    files = {
        "cpu.cfs_quota_us": "-1\n",
        "cpu.cfs_period_us": "100000\n",
        "kube/cpu.cfs_quota_us": "250000\n",
        "kube/cpu.cfs_period_us": "100000\n",
        "kube/box/cpu.cfs_quota_us": "-1\n",
        "kube/box/cpu.cfs_period_us": "100000\n",
    }
    found = quota(v1(tmp_path, "/kube/box", v1_mount("cpu,cpuacct"), files), ALL)
    assert (found.cores, found.source) == (2.5, "cpu.cfs_quota_us of group /kube")


@pytest.mark.parametrize("mount_root", ["/docker/abc", "/elsewhere"])
def test_v1_container_sees_its_own_group_mounted(tmp_path: Path, mount_root: str) -> None:
    files = {"cpu.cfs_quota_us": "120000\n", "cpu.cfs_period_us": "60000\n"}
    mount = v1_mount("cpu,cpuacct", mount_root)
    assert quota(v1(tmp_path, "/docker/abc", mount, files), ALL).cores == 2.0


def test_hybrid_takes_the_controller_from_where_it_is(tmp_path: Path) -> None:
    root = machine(
        tmp_path,
        {
            "proc/self/cgroup": "2:cpu:/a\n0::/b\n",
            "proc/self/mountinfo": v1_mount("cpu")
            + "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
            "sys/fs/cgroup/cpu/a/cpu.cfs_quota_us": "100000",
            "sys/fs/cgroup/cpu/a/cpu.cfs_period_us": "100000",
            "sys/fs/cgroup/unified/b/cpu.pressure": "",
        },
    )
    assert quota(root, ALL).cores == 1.0


@pytest.mark.parametrize("text", ["", "max", "50000", "0 100000", "50000 0", "-5 10", "a b"])
def test_nonsense_is_no_quota(tmp_path: Path, text: str) -> None:
    root = v2_machine(tmp_path, "/app", {"app/cpu.max": text})
    assert quota(root, ALL).cores == 8.0


def test_cpuset_is_tighter_than_quota(tmp_path: Path) -> None:
    files = {"app/cpu.max": "800000 100000", "app/cpuset.cpus.effective": "0,2-4\n"}
    found = quota(v2_machine(tmp_path, "/app", files), ALL)
    assert (found.cores, found.limited) == (4.0, False)
    assert found.source == "cpuset.cpus.effective of group /app"


def test_affinity_is_tightest(tmp_path: Path) -> None:
    root = v2_machine(tmp_path, "/app", {"app/cpu.max": "400000 100000"})
    found = quota(root, frozenset({1, 5, 6}))
    assert (found.cores, found.source) == (3.0, "CPU affinity of the process")


def test_host_cores_where_nothing_else_is_known(tmp_path: Path) -> None:
    found = quota(machine(tmp_path, {}), frozenset(range(64)))
    assert (found.cores, found.source) == (8.0, "CPUs of the machine")


def test_this_machine_has_some_cores() -> None:
    assert quota().cores > 0


@pytest.mark.parametrize(
    ("text", "cpus"),
    [("0", {0}), ("0-2,5\n", {0, 1, 2, 5}), ("", set()), ("x", set()), ("1-", set())],
)
def test_cpu_list(text: str, cpus: set[int]) -> None:
    assert cpu_list(text) == cpus
