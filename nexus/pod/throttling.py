"""How often a CFS quota stopped this process: the one figure that shows throttling reliably."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nexus.pod.cgroup import ROOT, groups
from nexus.pod.quota import quota_of

_NANOSECONDS, _MICROSECONDS = 1e9, 1e6


@dataclass(frozen=True)
class Throttling:
    """The kernel's counters since the group was made."""

    periods: int
    """periods in which the group wanted to run"""
    throttled_periods: int
    """periods in which its quota ran out"""
    throttled_s: float
    """seconds that its threads then waited, summed over CPUs"""


def throttling(root: Path = ROOT) -> Throttling | None:
    """Return `cpu.stat` of the group with the tightest quota, which is the one that throttles;
    without quotas, of the innermost group. None if no group has the file.
    """
    bound = groups("cpu", root)
    bound.sort(key=lambda group: quota_of(group) or float("inf"))
    for group in bound:
        stat = statistics(group.read("cpu.stat") or "")
        if "nr_periods" not in stat:
            continue  # the kernel writes them only if the cpu controller is on
        nanoseconds = stat.get("throttled_time", 0)
        microseconds = stat.get("throttled_usec", 0)
        return Throttling(
            periods=stat["nr_periods"],
            throttled_periods=stat.get("nr_throttled", 0),
            throttled_s=nanoseconds / _NANOSECONDS + microseconds / _MICROSECONDS,
        )
    return None


def statistics(text: str) -> dict[str, int]:
    """Parse lines `NAME NUMBER`; skip other lines."""
    pairs = (line.split() for line in text.splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdecimal()}
