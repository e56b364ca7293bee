"""How often a CFS quota held this process back: the one figure that tells the truth about it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nexus.pod.cgroup import ROOT, groups
from nexus.pod.quota import quota_of

_NANOSECONDS, _MICROSECONDS = 1e9, 1e6


@dataclass(frozen=True)
class Throttling:
    """Counted by the kernel since the group was made."""

    periods: int
    """in which the group wanted to run"""
    throttled_periods: int
    """of these, in which its quota ran out"""
    throttled_s: float
    """seconds its threads then waited, added up over CPUs"""


def throttling(root: Path = ROOT) -> Throttling | None:
    """What `cpu.stat` says of the group with the tightest quota, which is the one that throttles;
    where none has a quota, of the innermost group. None where no group has such a file.
    """
    bound = groups("cpu", root)
    bound.sort(key=lambda group: quota_of(group) or float("inf"))
    for group in bound:
        stat = statistics(group.read("cpu.stat") or "")
        if "nr_periods" not in stat:
            continue  # the kernel keeps these only where the cpu controller is on
        nanoseconds = stat.get("throttled_time", 0)
        microseconds = stat.get("throttled_usec", 0)
        return Throttling(
            periods=stat["nr_periods"],
            throttled_periods=stat.get("nr_throttled", 0),
            throttled_s=nanoseconds / _NANOSECONDS + microseconds / _MICROSECONDS,
        )
    return None


def statistics(text: str) -> dict[str, int]:
    """A file of lines `NAME NUMBER`; other lines are left out."""
    pairs = (line.split() for line in text.splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdecimal()}
