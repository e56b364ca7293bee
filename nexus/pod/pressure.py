"""Pressure stall information: how long tasks that could run waited for a CPU."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nexus.pod.cgroup import ROOT, groups, read


@dataclass(frozen=True)
class Pressure:
    """CPU pressure, of one group or of the whole machine."""

    scope: str
    """`group` or `machine`"""
    stalled_s: float
    """seconds in which at least one task waited, since the start"""
    avg10: float
    """share of the last 10 s, in percent"""
    avg60: float
    """share of the last 60 s, in percent"""


def pressure(root: Path = ROOT) -> Pressure | None:
    """Return the CPU pressure of the innermost group that reports it, else of the machine; None
    without PSI (a kernel before 4.20, or one started with `psi=0`).
    """
    for scope, text in _candidates(root):
        for line in (text or "").splitlines():
            kind, _, fields = line.partition(" ")
            values = dict(field.partition("=")[::2] for field in fields.split())
            if kind == "some" and values.keys() >= {"avg10", "avg60", "total"}:
                return Pressure(
                    scope=scope,
                    stalled_s=int(values["total"]) / 1e6,
                    avg10=float(values["avg10"]),
                    avg60=float(values["avg60"]),
                )
    return None


def _candidates(root: Path) -> Iterator[tuple[str, str | None]]:
    for group in groups("cpu", root):
        # Only the machine's topmost group has no `cgroup.events`; a container may see its own
        # group topmost.
        own = group.path != "/" or group.read("cgroup.events") is not None
        yield "group" if own else "machine", group.read("cpu.pressure")
    yield "machine", read(root / "proc/pressure/cpu")
