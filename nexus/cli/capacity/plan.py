"""`nexus capacity`: turns its options into profiles, a trace, a cost and a chart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from nexus.capacity.profiles import POD_PROFILES, PodProfile, ScaledBy
from nexus.capacity.recommend import Outlook
from nexus.capacity.targets import Average, Utilization, milli
from nexus.capacity.trace import Trace, parse
from nexus.cli.capacity.output import Cost
from nexus.cli.options import service_for_a_tool
from nexus.cli.request import content, http_request
from nexus.pod.quantity import parse_cores


def profiles_with(
    name: str | None, target: str | None, scaled_by: ScaledBy
) -> tuple[PodProfile, ...]:
    """Return all profiles, scaled by that; if *target* is given, it replaces that of the profile
    called *name*."""
    profiles = tuple(each.scaled_by(scaled_by) for each in POD_PROFILES.values())
    if target is None:
        return profiles
    if name is None:
        raise click.UsageError("--target changes one profile: name it with --profile")
    if scaled_by is not ScaledBy.CPU:
        raise click.UsageError(f"--target is one of CPU; with --scaling {scaled_by.value} drop it")
    found = POD_PROFILES[name]
    changed = replace(found.scaling, target=_cpu_target(target, found))
    return tuple(replace(p, scaling=changed) if p.name == name else p for p in profiles)


def _cpu_target(target: str, profile: PodProfile) -> Utilization | Average:
    try:
        if target.endswith("%"):
            return Utilization(int(target[:-1]), milli(profile.request_cores))
        return Average(milli(parse_cores(target)))
    except ValueError:
        raise click.UsageError(
            f"--target {target!r}: use a percentage of the CPU request such as 70%, or CPU in "
            "Kubernetes notation such as 700m"
        ) from None


def read_trace(file: Path) -> Trace:
    """Return the trace in *file*."""
    try:
        trace = parse(file.read_text(encoding="utf-8-sig").splitlines())
    except (OSError, ValueError) as error:
        raise click.UsageError(f"--trace {file}: {error}") from None
    if trace.peak == 0:
        raise click.UsageError(f"--trace {file}: no requests at all in it")
    return trace


def measured(module: Path, options: dict[str, Any]) -> Cost:
    """Return the cost of a request of *module*; removes its own options from *options*."""
    from nexus.cli.measure import SERVER_CPU_S, measure

    method, path, headers, data = (options.pop(k) for k in ("method", "path", "headers", "data"))
    service = service_for_a_tool(**{"log_level": "error", **options})
    try:
        handler = service.start_with_module(module)
        body = content(data)
        request = http_request(handler, method, path, headers, body)
        found = measure(service, handler, request)
    finally:
        service.stop()
    if found.status >= 400:
        click.secho(f"warning: it answers with {found.status}", fg="yellow", err=True)
    return Cost(found.cpu_s + SERVER_CPU_S, found.cpu_s, found.requests)


def require_matplotlib() -> None:
    """Raise a usage error if the chart's library is missing."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise click.UsageError("--chart needs matplotlib: pip install '.[capacity]'") from None


def draw_chart(file: Path, cpu_s: float, outlooks: Sequence[Outlook], name: str) -> None:
    """Write the chart of the profile called *name*."""
    from nexus.cli.capacity.chart import draw

    (shown,) = (found for found in outlooks if found.profile.name == name)
    try:
        draw(file, shown, cpu_s)
    except OSError as error:
        raise click.UsageError(f"--chart {file}: {error.strerror}") from None
    click.echo(f"{file}: profile {name} over the trace", err=True)
