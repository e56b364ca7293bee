"""The memory limit: the tightest of the nested groups."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nexus.pod.cgroup import ROOT, groups, read
from nexus.pod.throttling import statistics

_UNLIMITED = 1 << 60
"""If the kernel writes this or more, it sets no limit: version 1 writes the largest multiple of the
page size below 2**63"""


@dataclass(frozen=True)
class MemoryLimit:
    """The memory limit of this process and its children together, and its source."""

    size_bytes: int
    source: str
    """the limit's source in words, such as `memory.max of group /kubepods/pod1`"""
    limited: bool
    """whether a group sets the limit, not the size of the machine"""


def memory_limit(root: Path = ROOT) -> MemoryLimit | None:
    """Return the memory limit; None if neither a group nor the machine reports one."""
    bounds = [*_limits(root)]
    total = (read(root / "proc/meminfo") or "").partition("MemTotal:")[2].split()
    if total and total[0].isdecimal():
        bounds.append(MemoryLimit(int(total[0]) << 10, "memory of the machine", False))
    return min(bounds, key=lambda bound: bound.size_bytes, default=None)


def _limits(root: Path) -> Iterator[MemoryLimit]:
    for group in groups("memory", root):
        file = "memory.max" if group.version == 2 else "memory.limit_in_bytes"
        found = (group.read(file) or "").strip()
        if found.isdecimal() and int(found) < _UNLIMITED:
            yield MemoryLimit(int(found), f"{file} of group {group.path}", True)
        if group.version == 1:
            # Includes the limits of groups above the mount, which cannot be seen from here.
            whole = statistics(group.read("memory.stat") or "").get("hierarchical_memory_limit")
            if whole is not None and whole < _UNLIMITED:
                source = f"hierarchical_memory_limit of group {group.path}"
                yield MemoryLimit(whole, source, True)
