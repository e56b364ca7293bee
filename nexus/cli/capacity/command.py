"""`nexus capacity`: shows how each CPU profile fares for a handler and a load."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from nexus.cli.options import (
    MODULE,
    config_option,
    engine_options,
    json_option,
)
from nexus.pod.profiles import PROFILES

CPU_HELP = "CPU time of one request, the server's part included; nothing is measured then."
RATE_HELP = "Requests/s to plan for; default: the trace's peak, or 100."
TRACE_HELP = (
    "Lines of `seconds,requests per second`; each rate holds until the next line. Default: two "
    "hours around R, with a spike of twice that rate."
)
PROFILE_HELP = "The profile to draw; default: the recommended one."
TARGET_HELP = 'Another HPA target for the --profile: "70%" of its request, or "700m".'

SCALING_HELP = (
    "What scales the pods: the profile's HPA on CPU, or the component hpa-inflight or keda of "
    "deploy/, on requests in flight."
)

PROFILE_NAMES = [name for name in PROFILES if name != "none"]
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
PNG = click.Path(dir_okay=False, path_type=Path)
CPU_US = click.FloatRange(1, 1e9)
RATE = click.FloatRange(0, 1e8, min_open=True)


@click.command()
@click.argument("module", type=MODULE, required=False)
@click.option("--cpu-per-request-us", "cpu_us", type=CPU_US, metavar="N", help=CPU_HELP)
@click.option("--rate", type=RATE, metavar="R", help=RATE_HELP)
@click.option("--trace", "trace_file", type=FILE, metavar="FILE.csv", help=TRACE_HELP)
@click.option("--chart", type=PNG, metavar="FILE.png", help="Draw what the HPA does.")
@click.option("--profile", type=click.Choice(PROFILE_NAMES), help=PROFILE_HELP)
@click.option("--target", metavar="P%|CPU", help=TARGET_HELP)
@click.option(
    "--scaling",
    "scaled_by",
    type=click.Choice(["cpu", "in-flight", "keda"]),
    default="cpu",
    show_default=True,
    help=SCALING_HELP,
)
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
    scaled_by: str,
    as_json: bool,
    **options: Any,
) -> None:
    """Plan pods for MODULE: CPU per request, then requests/s, pods and the HPA by profile."""
    if (module is None) == (cpu_us is None):
        raise click.UsageError("give either MODULE, to measure it, or --cpu-per-request-us")
    from nexus.capacity.profiles import ScaledBy
    from nexus.capacity.recommend import outlook, recommend
    from nexus.capacity.trace import with_a_spike
    from nexus.cli.capacity.output import Cost, as_rows, as_text
    from nexus.cli.capacity.plan import (
        draw_chart,
        measured,
        profiles_with,
        read_trace,
        require_matplotlib,
    )

    if chart is not None:
        require_matplotlib()  # before anything takes time
    profiles = profiles_with(profile, target, ScaledBy(scaled_by))
    trace = None if trace_file is None else read_trace(trace_file)
    if rate is None:
        rate = trace.peak if trace is not None else 100.0
    if trace is None:
        trace = with_a_spike(rate)
    cost = measured(module, options) if module is not None else Cost(float(cpu_us or 0) / 1e6)
    outlooks = [outlook(each, cost.cpu_s, rate, trace) for each in profiles]
    chosen = recommend(outlooks)
    if as_json:
        click.echo(json.dumps(as_rows(cost, rate, trace, outlooks, chosen), indent=2))
    else:
        click.echo(as_text(cost, rate, trace, outlooks, chosen))
    if chart is not None:
        draw_chart(chart, cost.cpu_s, outlooks, profile or chosen.name)
