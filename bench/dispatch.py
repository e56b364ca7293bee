"""`python -m bench.dispatch`: requests/s of a warm handler beside the limit, Flask and its peers.

The limit is a raw WSGI callable that returns a constant under Nexus's own worker: everything but
the app is the same. All contestants run with one process, 8 threads, 8 connections kept alive and
no access log. All are started first. Each round measures every contestant, in turn, and the median
of the rounds counts, so that a slow phase of the machine affects all alike.

`--json > FILE` keeps the figures, and `--svg FILE` draws them; `--from FILE` draws figures that
were kept.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import idle_plugins, python_handlers, wsgi_servers
from bench.chart import Bar, bar_chart
from bench.load import Load, measure, need_wrk
from bench.server import Server


@dataclass(frozen=True)
class Contestant:
    """What is measured: an app under a server, and the path of its requests."""

    app: str
    path: str = "/hello"
    server: str = "gthread"
    environ: tuple[tuple[str, str], ...] = ()


_ON_GRANIAN = (("NEXUS_SERVER", "granian"),)
LIMIT = "raw WSGI callable, Nexus's worker"
CONTESTANTS = {
    LIMIT: Contestant("raw", server="limit"),
    "raw WSGI callable, gthread": Contestant("raw"),
    "raw WSGI callable, gevent": Contestant("raw", server="gevent"),
    "raw WSGI callable, waitress": Contestant("raw", server="waitress"),
    "raw WSGI callable, uWSGI": Contestant("raw", server="uWSGI"),
    "raw WSGI callable, granian": Contestant("raw", server="granian"),
    "constant Flask view, gthread": Contestant("flask_constant"),
    "Nexus, warm handler": Contestant("nexus"),
    "Nexus, 5 idle plugins": Contestant("nexus"),
    "Nexus, isolation fresh": Contestant("nexus", "/fresh"),
    "Nexus, JavaScript": Contestant("nexus", "/script"),
    "Nexus, Python": Contestant("nexus", "/json"),
    "Nexus, Flask view in Python": Contestant("nexus", "/view/hello"),
    "Nexus on granian, warm handler": Contestant("nexus", environ=_ON_GRANIAN),
    "Nexus on granian, JavaScript": Contestant("nexus", "/script", environ=_ON_GRANIAN),
    "Flask + wasmtime-py, fresh store": Contestant("flask_wasmtime"),
    "Flask + extism, reused plug-in": Contestant("flask_extism_reused"),
    "Flask + extism, fresh plug-in": Contestant("flask_extism_fresh"),
    "Flask + quickjs, fresh context": Contestant("flask_quickjs"),
    "node, http server": Contestant("node", "/"),
}
ENVIRON = {
    "Nexus, 5 idle plugins": idle_plugins.environ,
    "Nexus, Python": python_handlers.environ,
    "Nexus, Flask view in Python": python_handlers.environ,
}
"""Maps a contestant to a function that returns extra environment variables for its server."""

Row = dict[str, Any]


def main() -> None:
    options = _options()
    if options.from_file is None:
        need_wrk()
        rows = _rows(_measure(options))
    else:
        rows = json.loads(options.from_file.read_text())
    if options.svg is not None:
        options.svg.write_text(_chart(rows))
    elif options.json:
        print(json.dumps(rows, indent=2))
    else:
        _print(rows)


def _measure(options: argparse.Namespace) -> dict[str, list[Load]]:
    with ExitStack() as stack:
        servers = {
            name: stack.enter_context(_start(name, contestant))
            for name, contestant in CONTESTANTS.items()
            if any(part in name for part in options.only or ("",)) and _installed(name, contestant)
        }
        for server in servers.values():
            server.wait_settled()
        for server in servers.values():  # every thread has served before anything is measured
            measure(server.url, connections=8, seconds=1)
        rounds: dict[str, list[Load]] = {name: [] for name in servers}
        for number in range(options.rounds):
            print(f"round {number + 1} of {options.rounds} ...", file=sys.stderr)
            # Every other round runs backwards: a contestant's place has a small effect.
            for name in list(servers)[:: -1 if number % 2 else 1]:
                load = measure(servers[name].url, connections=8, seconds=options.seconds)
                rounds[name].append(load)
    return rounds


def _installed(name: str, contestant: Contestant) -> bool:
    server = dict(contestant.environ).get("NEXUS_SERVER", contestant.server)
    if server == "gunicorn" or wsgi_servers.installed(server):
        return True
    print(f"{name}: {server} is not installed; it is left out", file=sys.stderr)
    return False


def _start(name: str, contestant: Contestant) -> Server:
    environ = {**ENVIRON.get(name, dict)(), **dict(contestant.environ)}
    return Server(contestant.app, contestant.path, server=contestant.server, **environ)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.dispatch", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement")
    parser.add_argument(
        "--only", action="append", help="contestants whose name has this; may be given again"
    )
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="write a bar chart")
    parser.add_argument(
        "--from", dest="from_file", type=Path, metavar="FILE", help="measure nothing, read --json's"
    )
    return parser.parse_args()


def _rows(rounds: dict[str, list[Load]]) -> list[Row]:
    """Return the medians of each contestant, and their ratio to the limit's in the same rounds."""
    limit = [load.per_second for load in rounds.get(LIMIT, [])]
    rows = []
    for name, loads in rounds.items():
        ratios = [load.per_second / most for load, most in zip(loads, limit, strict=bool(limit))]
        rows.append(
            {
                "contestant": name,
                "requests_per_second": round(statistics.median(load.per_second for load in loads)),
                "of_limit": round(statistics.median(ratios), 3) if ratios else None,
                "p50_ms": round(statistics.median(load.p50_ms for load in loads), 2),
                "p99_ms": round(statistics.median(load.p99_ms for load in loads), 2),
            }
        )
    return rows


def _print(rows: list[Row]) -> None:
    print(f"{'':36} {'of limit':>8} {'requests/s':>10} {'p50 ms':>7} {'p99 ms':>7}")
    for row in rows:
        ratio = "-" if row["of_limit"] is None else f"{row['of_limit']:.2f}"
        print(
            f"{row['contestant']:36} {ratio:>8} {row['requests_per_second']:10} "
            f"{row['p50_ms']:7} {row['p99_ms']:7}"
        )


def _chart(rows: list[Row]) -> str:
    python = f"Python {sys.version_info[0]}.{sys.version_info[1]}"
    bars = [
        Bar(
            row["contestant"],
            row["requests_per_second"],
            f"{row['requests_per_second']}"
            + ("" if row["of_limit"] is None else f" ({row['of_limit']:.2f})"),
            is_own=row["contestant"].startswith("Nexus"),
        )
        for row in rows
    ]
    title = f"Requests a second on one worker, and the ratio to the limit ({python})"
    return bar_chart(title, bars)


if __name__ == "__main__":
    main()
