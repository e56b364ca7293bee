"""Effective cores: the tightest of the limits on this process's CPU."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nexus.pod.cgroup import ROOT, Group, groups, read

_RANGES = re.compile(r"\d+(-\d+)?(,\d+(-\d+)?)*")


@dataclass(frozen=True)
class Quota:
    """The CPU time this process gets, counted in cores, and the limit that decides it."""

    cores: float
    source: str
    """the limit's source in words, such as `cpu.max of group /kubepods/pod1`"""
    limited: bool
    """whether a CFS quota decides: beyond it, the kernel stops threads until the next period"""
    group: Group | None = None
    """the group whose quota decides"""


def quota(root: Path = ROOT, affinity: frozenset[int] | None = None) -> Quota:
    """Return the effective cores. *affinity*: CPUs the process may run on; None: ask the kernel.
    Of equal limits the first wins: quota (inner before outer group), cpuset, affinity, host.
    """
    allowed = frozenset(os.sched_getaffinity(0)) if affinity is None else affinity
    bounds = [*_quotas(root), *_cpusets(root)]
    if allowed:
        bounds.append(Quota(float(len(allowed)), "CPU affinity of the process", False))
    bounds.append(_host(root, allowed))
    return min(bounds, key=lambda bound: bound.cores)


def quota_of(group: Group) -> float | None:
    """Return the cores that *group*'s own CFS quota allows; None without a quota."""
    if group.version == 2:
        limit, _, period = (group.read("cpu.max") or "").strip().partition(" ")
    else:
        limit = (group.read("cpu.cfs_quota_us") or "").strip()
        period = (group.read("cpu.cfs_period_us") or "").strip()
    # "max" in version 2 and -1 in version 1 mean: no quota.
    if not (limit.isdecimal() and period.isdecimal() and int(limit) and int(period)):
        return None
    return int(limit) / int(period)


def cpu_list(text: str) -> frozenset[int]:
    """Return the CPUs in a list such as `0-2,5`; an empty set if *text* is malformed."""
    text = text.strip()
    if not _RANGES.fullmatch(text):
        return frozenset()
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return frozenset(found)


def _quotas(root: Path) -> Iterator[Quota]:
    for group in groups("cpu", root):
        cores = quota_of(group)
        if cores is not None:
            file = "cpu.max" if group.version == 2 else "cpu.cfs_quota_us"
            yield Quota(cores, f"{file} of group {group.path}", True, group)


def _cpusets(root: Path) -> Iterator[Quota]:
    for group in groups("cpuset", root):
        # `effective` is what the parents' sets leave; the plain file may be empty.
        for file in ("cpuset.cpus.effective", "cpuset.effective_cpus", "cpuset.cpus"):
            cpus = cpu_list(group.read(file) or "")
            if cpus:
                yield Quota(float(len(cpus)), f"{file} of group {group.path}", False)
                break


def _host(root: Path, allowed: frozenset[int]) -> Quota:
    online = cpu_list(read(root / "sys/devices/system/cpu/online") or "")
    return Quota(float(len(online) or len(allowed) or 1), "CPUs of the machine", False)
