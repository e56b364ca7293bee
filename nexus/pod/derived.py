"""Applies `nexus.pod.sizing` to settings: fills in the numbers that nobody set, from the pod's
resources."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from types import MappingProxyType

from nexus.config import Loaded, Settings
from nexus.pod import ROOT, MemoryLimit, Quota, memory_limit, quota
from nexus.pod.profiles import PROFILES
from nexus.pod.sizing import Demand, Sizing, size

SOURCE = "derived (nexus config --sizing)"


@dataclass(frozen=True)
class Sized:
    """Settings with every number filled in, and the reasons."""

    loaded: Loaded
    sizing: Sizing
    quota: Quota
    memory: MemoryLimit | None


def sized(loaded: Loaded, root: Path = ROOT) -> Sized:
    """Fill in the numbers that nobody set, from the pod's resources."""
    cores, memory = quota(root), memory_limit(root)
    sizing = size(
        cores.cores,
        memory.size_bytes if memory else None,
        demand(loaded),
        PROFILES[loaded.settings.cpu_profile],
    )
    derived = {"workers": sizing.workers.value, "threads": sizing.threads.value}
    settings = loaded.settings.model_copy(update=derived)
    given = {name: SOURCE for name in derived if getattr(demand(loaded), name) is None}
    sources = MappingProxyType({**loaded.sources, **given})
    return Sized(replace(loaded, settings=settings, sources=sources), sizing, cores, memory)


def demand(loaded: Loaded) -> Demand:
    """Return what the settings ask for; an explicit `http_max_concurrent` decides the threads."""
    settings, sources = loaded.settings, loaded.sources

    def explicit(name: str) -> bool:
        return sources[name] not in ("default", SOURCE)

    threads = explicit("threads") or explicit("http_max_concurrent")
    return Demand(
        max_instances=settings.max_instances,
        memory_limit_mb=settings.memory_limit_mb,
        max_queue=settings.max_queue,
        min_instances=settings.min_instances,
        compiler="llvm" if _wasmer(settings) and settings.compiler != "cranelift" else "cranelift",
        engine="wasmer" if _wasmer(settings) else "wasmtime",
        python=_has_python(settings.handlers_dir),
        workers=settings.workers if explicit("workers") else None,
        threads=settings.threads if threads else None,
        ordered=settings.scheduling_policy != "fifo",
    )


def _wasmer(settings: Settings) -> bool:
    """Return whether wasmer will run guests: if wanted, and Python's version allows for it."""
    return settings.engine in ("auto", "wasmer") and sys.version_info < (3, 11)


def _has_python(folder: Path) -> bool:
    """Return whether there are handlers in Python in *folder*."""
    return any(chain(folder.glob("*.py"), folder.glob("*/main.py")))
