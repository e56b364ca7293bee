"""`python -m tests.deploy.live [PROFILE...] [--seconds N]`: runs profiles in real cgroups.

It prints a row for each: seconds until it was ready, requests/s, p99, processes killed for memory,
throttled periods, and the most memory in use. It needs root and cgroups of version 1.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.deploy.facts import Facts
from tests.deploy.pod import HANDLERS, Load, Pod, environment, handlers, pod
from tests.deploy.render import Object, build_with, profiles, render
from tests.e2e.conftest import free_port

CLIENTS = 4


@dataclass(frozen=True)
class Row:
    """What one profile did."""

    profile: str
    ready_s: float | None
    requests: int
    seconds: float
    statuses: dict[int, int]
    p99_ms: float
    kills: int
    throttled: float
    rss_mib: float
    peak_mib: float
    limit_mib: float
    log: str

    @property
    def fine(self) -> bool:
        """Ready in time, nothing killed, and every answer a 200."""
        return self.ready_s is not None and self.kills == 0 and self.statuses.keys() == {200}

    def __str__(self) -> str:
        ready = "never" if self.ready_s is None else f"{self.ready_s:.1f} s"
        others = {s: n for s, n in sorted(self.statuses.items()) if s != 200}
        return (
            f"| {self.profile} | {ready} | {self.requests / self.seconds:.0f} "
            f"| {self.p99_ms:.0f} ms | {self.kills} | {self.throttled:.0%} "
            f"| {self.rss_mib:.0f} (peak {self.peak_mib:.0f}) of {self.limit_mib:.0f} MiB "
            f"| {others or 'none'} |"
        )


HEADER = (
    "| profile | ready after | requests/s | p99 | killed | throttled periods | memory | "
    "other statuses |\n|---|---|---|---|---|---|---|---|"
)


def prepare(profile: str, folder: Path, cache: Path) -> None:
    """Compile the runtimes into *cache*, like the image's build: outside of the cgroup. The
    handlers the pod loads itself."""
    facts = Facts(render(f"overlays/cpu-{profile}"))
    languages = ["--language", "javascript", "--language", "python"]
    environ = environment(facts, folder, cache, (0, 0))
    environ.pop("NEXUS_COMPILE_MEMORY_MB", None)  # that of the pod; the build has more
    subprocess.run(
        [sys.executable, "-c", "from nexus.cli import main; main()", "prepare", *languages],
        env=environ,
        check=True,
        stdout=subprocess.DEVNULL,
    )


def measure(
    profile: str, seconds: float, image: Path, kinds: list[str], memory_mib: int | None = None
) -> Row:
    """Run *profile* under load for *seconds*, with a copy of the cache in *image*.

    With Python among the *kinds* it gets the memory of the component python-handlers; with
    *memory_mib* that much.
    """
    with tempfile.TemporaryDirectory() as name:
        folder, cache = Path(name, "handlers"), Path(name, "cache")
        folder.mkdir()
        names = handlers(folder, kinds)
        prepare(profile, folder, image)
        shutil.copytree(image, cache)
        ports = free_port(), free_port()
        facts = Facts(rendered(profile, python="py" in kinds))
        with pod(facts, folder, cache, ports, memory_mib) as running:
            ready_s = running.ready_s()
            load, before = Load(running, names), running.groups.periods()
            if ready_s is not None:
                load.run(CLIENTS, seconds)
            return row_of(profile, running, ready_s, load, seconds, before)


def row_of(
    profile: str,
    running: Pod,
    ready_s: float | None,
    load: Load,
    seconds: float,
    before: tuple[int, int],
) -> Row:
    """Return what a pod did while it was under *load*, since its periods were *before*."""
    groups = running.groups
    periods, throttled = (b - a for a, b in zip(before, groups.periods(), strict=True))
    return Row(
        profile,
        ready_s,
        len(load.times_s),
        seconds,
        load.statuses,
        load.p99_s() * 1000 if load.times_s else 0.0,
        groups.kills,
        throttled / periods if periods > 0 else 0.0,
        groups.rss_bytes / (1 << 20),
        running.peak.rss_bytes / (1 << 20),
        groups.memory_bytes / (1 << 20),
        running.log.read_text(errors="replace"),
    )


def rendered(profile: str, *, python: bool) -> tuple[Object, ...]:
    """Return the profile's objects, with the memory for handlers in Python if that is asked for."""
    with tempfile.TemporaryDirectory() as folder:
        names = ["python-handlers"] if python else []
        return build_with(Path(folder), f"overlays/cpu-{profile}", *names)


def main() -> int:
    """Print a row for each profile; 1 if one is not fine."""
    parser = argparse.ArgumentParser(prog="python -m tests.deploy.live")
    known = [name.removeprefix("cpu-") for name in profiles()]
    parser.add_argument("profiles", nargs="*", default=known, metavar="PROFILE")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--kinds", nargs="+", choices=HANDLERS, default=list(HANDLERS))
    parser.add_argument("--memory-mib", type=int, help="another limit, to see what it would take")
    parser.add_argument("--verbose", action="store_true", help="print the server's log, too")
    chosen = parser.parse_args()
    print(HEADER)
    well = True
    with tempfile.TemporaryDirectory() as cache:
        for profile in chosen.profiles:
            row = measure(
                profile, chosen.seconds, Path(cache, "image"), chosen.kinds, chosen.memory_mib
            )
            print(row, flush=True)
            if chosen.verbose or not row.fine:
                print(row.log[-4000:], file=sys.stderr)
            well = well and row.fine
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
