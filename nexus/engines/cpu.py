"""Identifies the CPU features that compiled code depends on."""

from __future__ import annotations

import hashlib
import platform


def features() -> str:
    """Return a short digest of architecture and CPU flags; other CPUs may not run our code."""
    flags = ""
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
            flags = next((line for line in file if line.startswith(("flags", "Features"))), "")
    except OSError:
        flags = platform.processor()
    words = " ".join(sorted(flags.partition(":")[2].split()))
    return f"{platform.machine()}-{hashlib.sha256(words.encode()).hexdigest()[:12]}"
