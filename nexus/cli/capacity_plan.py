"""`nexus capacity`: turns its options into profiles, a trace, a cost and a chart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from nexus.capacity.profiles import POD_PROFILES, PodProfile
from nexus.capacity.recommend import Outlook
from nexus.capacity.trace import Trace, parse
from nexus.cli.capacity_output import Cost
from nexus.cli.options import service_for_a_tool
from nexus.cli.request import content, http_request
from nexus.pod.quantity import parse_cores


def profiles_with(name: str | None, target: str | None) -> tuple[PodProfile, ...]:
    """Return all profiles; if *target* is given, it replaces that of the profile called *name*."""
    if target is None:
        return tuple(POD_PROFILES.values())
    if name is None:
        raise click.UsageError("--target changes one profile: name it with --profile")
    found = POD_PROFILES[name]
    changed = replace(found.scaling, target_cores=_cores(target, found))
    return tuple(
        replace(each, scaling=changed) if each is found else each for each in POD_PROFILES.values()
    )


def _cores(target: str, profile: PodProfile) -> float:
    try:
        if target.endswith("%"):
            percentage = int(target[:-1])
            if percentage < 1:
                raise ValueError("no utilization")
            return profile.request_cores * percentage / 100
        return parse_cores(target)
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
    from nexus.cli.capacity_chart import draw

    (shown,) = (found for found in outlooks if found.profile.name == name)
    try:
        draw(file, shown, cpu_s)
    except OSError as error:
        raise click.UsageError(f"--chart {file}: {error.strerror}") from None
    click.echo(f"{file}: profile {name} over the trace", err=True)
