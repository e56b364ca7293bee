"""`nexus config --sizing`: shows each number with its reason."""

from __future__ import annotations

from typing import Any

from nexus.pod.derived import Sized
from nexus.pod.sizing import MIB


def as_rows(found: Sized) -> dict[str, Any]:
    """Return the numbers as JSON, for machines."""
    sizing, memory = found.sizing, found.memory
    return {
        "quota_cores": found.quota.cores,
        "quota_source": found.quota.source,
        "profile": found.loaded.settings.cpu_profile,
        **{f.name: {"value": f.value, "why": f.why} for f in sizing.figures()},
        "memory_bytes": {f.name: {"value": f.value, "why": f.why} for f in sizing.memory},
        "memory_needed_bytes": sizing.needed_bytes,
        "memory_limit_bytes": sizing.limit_bytes,
        "memory_limit_source": memory.source if memory else None,
        "warning": sizing.warning,
    }


def as_text(found: Sized) -> str:
    """Return the numbers as text, for people."""
    sizing, memory = found.sizing, found.memory
    rows = [("quota", f"{found.quota.cores:g} cores", found.quota.source)]
    rows += [(f.name, str(f.value), f.why) for f in sizing.figures()]
    rows += [(f"memory: {f.name}", _mib(f.value), f.why) for f in sizing.memory]
    rows.append(("memory needed", _mib(sizing.needed_bytes), "all of these together, at most"))
    if memory is not None:
        rows.append(("memory limit", _mib(memory.size_bytes), memory.source))
    lines = [f"{name:20} {value:>12}  {why}" for name, value, why in rows]
    return "\n".join([*lines, f"warning: {sizing.warning}"] if sizing.warning else lines)


def _mib(size_bytes: int) -> str:
    return f"{size_bytes / MIB:.4g} MiB" if size_bytes < 1 << 30 else f"{size_bytes >> 20} MiB"
