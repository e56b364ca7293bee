"""Checks the machine: how resets work, what the cgroup allows, how many descriptors there are."""

from __future__ import annotations

import os
import resource
from pathlib import Path

from nexus.cli.doctor.finding import Finding, ok, warning
from nexus.pod import ROOT, throttling
from nexus.pod.derived import Sized
from nexus.pool.mapping import can_map, reset_way

_FEW_DESCRIPTORS = 1024
_MUCH_THROTTLING = 0.05
"""Share of the periods in which the quota ran out; beyond it, requests wait noticeably"""


def check_pagemap() -> Finding:
    """Check whether a reset can copy only the pages written."""
    if can_map(os.getpid()):
        return ok("pagemap", f"a reset {reset_way()}")
    return warning(
        "pagemap",
        f"a reset {reset_way()}",
        "allow /proc/self/pagemap: gVisor and some hardened kernels hide it; everything works "
        "without, but large guests reset more slowly",
    )


def check_cpu(found: Sized, root: Path = ROOT) -> Finding:
    """Check the CPU quota, and how often it stopped this group."""
    cores = f"{found.quota.cores:.4g} cores by {found.quota.source}"
    sizing = found.sizing
    what = f"{cores}: {sizing.workers.value} workers of {sizing.threads.value} threads"
    counts = throttling(root)
    if counts is not None and counts.throttled_periods > _MUCH_THROTTLING * counts.periods:
        share = counts.throttled_periods / counts.periods
        return warning(
            "cpu",
            f"{what}; the quota ran out in {share:.0%} of the periods",
            "raise the CPU limit, or take fewer workers; docs/cpu.md has the symptoms",
        )
    if sizing.warning is not None:
        return warning("cpu", f"{what}; {sizing.warning}", "nexus config --sizing explains it")
    return ok("cpu", what)


def check_memory(found: Sized) -> Finding:
    """Report the memory limit."""
    if found.memory is None:
        return warning("memory", "the kernel reports no limit", "set max_instances by hand")
    return ok("memory", f"{found.memory.size_bytes >> 20} MiB by {found.memory.source}")


def check_descriptors() -> Finding:
    """Check how many connections a worker can hold."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard <= _FEW_DESCRIPTORS:
        return warning(
            "descriptors",
            f"a worker may open {hard} files and connections",
            "raise the limit (ulimit -Hn, LimitNOFILE= in systemd) if many clients connect",
        )
    shown = "any number of" if hard == resource.RLIM_INFINITY else str(hard)
    return ok("descriptors", f"a worker may open {shown} files and connections")
