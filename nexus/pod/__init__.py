"""Reads this process's CPU and memory limits from its cgroups, and derives settings from them.

cgroup.py      the groups this process is in, of either version
quota.py       effective cores: the tightest of CFS quotas, cpusets, affinity, host cores
throttling.py  how often a CFS quota stopped its threads
pressure.py    how long its threads waited for a CPU (PSI)
memory.py      its memory limit
collector.py   these figures for a scrape: one set per pod, never summed over workers
quantity.py    reads CPU quantities such as "200m"
profiles.py    the CPU profiles
sizing.py      workers, threads and connections that fit
derived.py     applies that sizing to settings that nobody set

The readers take the file system's root as an argument, so a tree of files can stand for a machine.
"""

from __future__ import annotations

from nexus.pod.cgroup import ROOT
from nexus.pod.memory import MemoryLimit, memory_limit
from nexus.pod.pressure import Pressure, pressure
from nexus.pod.quota import Quota, quota
from nexus.pod.throttling import Throttling, throttling

__all__ = [
    "ROOT",
    "MemoryLimit",
    "Pressure",
    "Quota",
    "Throttling",
    "memory_limit",
    "pressure",
    "quota",
    "throttling",
]
