"""What CPU and memory this process has, read from its cgroups, and what to make of it.

cgroup.py      the groups this process is in, of either version
quota.py       effective cores: the tightest of CFS quotas, cpusets, affinity, host cores
throttling.py  how often the quota held it back
pressure.py    how long it waited for a CPU (PSI)
memory.py      its memory limit
collector.py   these figures for a scrape: one set per pod, never added up over workers
profiles.py    the CPU profiles
quantity.py    "200m"
bucket.py      a handler's limit: a token bucket over CPU time
share.py       what each handler may have
lane.py        where long executions take turns, by their handlers' weights
account.py     one execution's side of it: `CpuControl`
sizing.py      workers, threads and connections that fit

The readers take the file system's root as an argument, so a tree of files can stand for a machine.
"""

from __future__ import annotations

from nexus.cpu.cgroup import ROOT
from nexus.cpu.memory import MemoryLimit, memory_limit
from nexus.cpu.pressure import Pressure, pressure
from nexus.cpu.quota import Quota, quota
from nexus.cpu.throttling import Throttling, throttling

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
