"""`nexus capacity`: what each CPU profile comes to for a handler and a load."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from nexus.capacity.profiles import POD_PROFILES, PodProfile
from nexus.capacity.recommend import Outlook, outlook, recommend
from nexus.capacity.trace import Trace, parse, with_a_spike
from nexus.cli.capacity_output import Cost, as_rows, as_text
from nexus.cli.options import (
    MODULE,
    config_option,
    engine_options,
    json_option,
    settings_for_a_tool,
)
from nexus.cli.request import content, http_request
from nexus.cpu.quantity import parse_cores

CPU_HELP = "Measure nothing: a request costs so much CPU, the server's part included."
RATE_HELP = "Requests/s to plan for; default: the trace's peak, or 100."
TRACE_HELP = (
    "Lines of `seconds,requests per second`, each of which holds until the next; default: two "
    "hours around R, with a spike of twice as much."
)
PROFILE_HELP = "Which one to draw; default: the one recommended."
TARGET_HELP = 'With --profile: another HPA target for it, "70%" of its request or "700m".'

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
PNG = click.Path(dir_okay=False, path_type=Path)
CPU_US = click.FloatRange(1, 1e9)
POSITIVE = click.FloatRange(0, 1e9, min_open=True)


@click.command()
@click.argument("module", type=MODULE, required=False)
@click.option("--cpu-per-request-us", "cpu_us", type=CPU_US, metavar="N", help=CPU_HELP)
@click.option("--rate", type=POSITIVE, metavar="R", help=RATE_HELP)
@click.option("--trace", "trace_file", type=FILE, metavar="FILE.csv", help=TRACE_HELP)
@click.option("--chart", type=PNG, metavar="FILE.png", help="Draw what the HPA does.")
@click.option("--profile", type=click.Choice(list(POD_PROFILES)), help=PROFILE_HELP)
@click.option("--target", metavar="P%|CPU", help=TARGET_HELP)
@click.option("--method", default="GET", show_default=True, metavar="M")
@click.option("--path", default="/", show_default=True, metavar="P", help="With a query if wanted.")
@click.option("--header", "headers", multiple=True, metavar="K:V")
@click.option("--data", default="", metavar="STR|@FILE", help="Request body; @- is stdin.")
@config_option
@engine_options
@json_option
def capacity(
    module: Path | None,
    cpu_us: float | None,
    rate: float | None,
    trace_file: Path | None,
    chart: Path | None,
    profile: str | None,
    target: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Plan pods for MODULE: CPU per request, then requests/s, pods and the HPA by profile."""
    if (module is None) == (cpu_us is None):
        raise click.UsageError("give either MODULE, to measure it, or --cpu-per-request-us")
    if chart is not None:
        _require_matplotlib()  # before anything takes time
    profiles = _profiles(profile, target)
    trace = None if trace_file is None else _read(trace_file)
    if rate is None:
        rate = trace.peak if trace is not None else 100.0
    if trace is None:
        trace = with_a_spike(rate)
    cost = _measure(module, options) if module is not None else Cost(float(cpu_us or 0) / 1e6)
    outlooks = [outlook(each, cost.cpu_s, rate, trace) for each in profiles]
    chosen = recommend(outlooks)
    if as_json:
        click.echo(json.dumps(as_rows(cost, rate, trace, outlooks, chosen), indent=2))
    else:
        click.echo(as_text(cost, rate, trace, outlooks, chosen))
    if chart is not None:
        _draw(chart, cost.cpu_s, outlooks, profile or chosen.name)


def _profiles(name: str | None, target: str | None) -> tuple[PodProfile, ...]:
    """All profiles; the one called *name* with another *target*, if there is one."""
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


def _read(file: Path) -> Trace:
    try:
        trace = parse(file.read_text(encoding="utf-8-sig").splitlines())
    except (OSError, ValueError) as error:
        raise click.UsageError(f"--trace {file}: {error}") from None
    if trace.peak == 0:
        raise click.UsageError(f"--trace {file}: no requests at all in it")
    return trace


def _measure(module: Path, options: dict[str, Any]) -> Cost:
    from nexus.cli.measure import SERVER_CPU_S, measure
    from nexus.service import Service

    method, path, headers, data = (options.pop(k) for k in ("method", "path", "headers", "data"))
    service = Service(settings_for_a_tool(**{"log_level": "error", **options}), None)
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


def _require_matplotlib() -> None:
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise click.UsageError(
            "--chart needs matplotlib: pip install 'nexus-runtime[capacity]'"
        ) from None


def _draw(file: Path, cpu_s: float, outlooks: Sequence[Outlook], name: str) -> None:
    from nexus.cli.capacity_chart import draw

    (shown,) = (found for found in outlooks if found.profile.name == name)
    try:
        draw(file, shown, cpu_s)
    except OSError as error:
        raise click.UsageError(f"--chart {file}: {error.strerror}") from None
    click.echo(f"{file}: profile {name} over the trace", err=True)
