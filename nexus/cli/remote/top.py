"""`nexus top`: the handlers of a running server, with rates, times, CPU and errors, live."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from nexus.cli.remote.server import Server, server_options

if TYPE_CHECKING:
    from nexus.metrics.figures import Figures, Totals

_HEAD = ("HANDLER", "REQ/S", "P50", "P99", "CPU", "MEMORY", "ERRORS/S")
_CLEAR = "\x1b[H\x1b[J"


@click.command()
@click.option(
    "--interval",
    type=click.FloatRange(0.5, 3600),
    default=2.0,
    show_default=True,
    metavar="SECONDS",
    help="How long each look takes.",
)
@click.option(
    "--count",
    type=click.IntRange(min=1),
    metavar="N",
    help="End after N looks; by default Ctrl-C ends it.",
)
@server_options
def top(interval: float, count: int | None, url: str, token: str | None) -> None:
    """Show the handlers of a running server, the busiest first.

    Rate, times, CPU (in thousandths of a core) and failed requests are those of the last SECONDS;
    memory is the most that any run had.
    """
    from nexus.metrics.figures import between  # late: `--help` does not need it

    server, looks = Server(url, token), 0
    screen = sys.stdout.isatty()
    before, began = _look(server), time.monotonic()
    try:
        while count is None or looks < count:
            looks += 1
            time.sleep(interval)
            now = _look(server)
            seconds = time.monotonic() - began
            table = _table(between(before, now, seconds), screen)
            click.echo((_CLEAR if screen else "") + table)
            before, began = now, began + seconds
    except KeyboardInterrupt:
        return


def _look(server: Server) -> dict[str, Totals]:
    from prometheus_client import parser

    from nexus.metrics.figures import totals

    read: Any = parser.text_string_to_metric_families  # it has no types
    return totals(read(server.get("/metrics").decode()))


def _table(found: Mapping[str, Figures], screen: bool) -> str:
    ranked = sorted(found.items(), key=lambda entry: (-entry[1].rate, entry[0]))
    if screen:
        ranked = ranked[: max(1, shutil.get_terminal_size().lines - 2)]
    rows = [_HEAD, *((name, *_cells(figures)) for name, figures in ranked)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = [
        row[0].ljust(widths[0])
        + "".join(f"  {cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True))
        for row in rows
    ]
    if not ranked:
        lines.append("no handler has run yet")
    return "\n".join(lines)


def _cells(figures: Figures) -> tuple[str, ...]:
    return (
        f"{figures.rate:.1f}",
        _time(figures.p50_s),
        _time(figures.p99_s),
        f"{figures.cpu_cores * 1000:.0f}m",
        f"{figures.memory_bytes / (1 << 20):.1f} MiB",
        f"{figures.error_rate:.1f}",
    )


def _time(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds * 1000:.1f} ms"
