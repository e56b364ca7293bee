"""`python -m bench.dispatch`: requests/s of a warm handler beside the limit, Flask and its peers.

Every contestant runs under gunicorn with the same settings: one gthread worker, 8 threads, 8
connections kept alive, no access log. All are started first. Each round measures every contestant,
in turn, and the median of the rounds counts, so that a slow phase of the machine affects all alike.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from contextlib import ExitStack

from bench import idle_plugins
from bench.load import Load, measure, need_wrk
from bench.server import Server

CONTESTANTS = {
    "raw WSGI callable": ("raw", "/hello"),
    "constant Flask view": ("flask_constant", "/hello"),
    "Nexus, warm handler": ("nexus", "/hello"),
    "Nexus, 5 idle plugins": ("nexus", "/hello"),
    "Nexus, isolation fresh": ("nexus", "/fresh"),
    "Nexus, JavaScript": ("nexus", "/script"),
    "Flask + wasmtime-py, fresh store": ("flask_wasmtime", "/hello"),
    "Flask + extism, reused plug-in": ("flask_extism_reused", "/hello"),
    "Flask + extism, fresh plug-in": ("flask_extism_fresh", "/hello"),
    "Flask + quickjs, fresh context": ("flask_quickjs", "/hello"),
    "node, http server": ("node", "/"),
}
BASE = "raw WSGI callable"
ENVIRON = {"Nexus, 5 idle plugins": idle_plugins.environ}
"""Maps a contestant to a function that returns extra environment variables for its server."""


def main() -> None:
    options = _options()
    need_wrk()
    with ExitStack() as stack:
        servers = {
            name: stack.enter_context(Server(app, path, **ENVIRON.get(name, dict)()))
            for name, (app, path) in CONTESTANTS.items()
            if any(part in name for part in options.only or ("",))
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
    _report(rounds, as_json=options.json)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.dispatch", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement")
    parser.add_argument(
        "--only", action="append", help="contestants whose name has this; may be given again"
    )
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _report(rounds: dict[str, list[Load]], *, as_json: bool) -> None:
    rows = []
    base = statistics.median(load.per_second for load in rounds.get(BASE, [Load(1.0, 0, 0)]))
    for name, loads in rounds.items():
        per_second = statistics.median(load.per_second for load in loads)
        rows.append(
            {
                "contestant": name,
                "requests_per_second": round(per_second),
                "of_raw": round(per_second / base, 3),
                "p50_ms": round(statistics.median(load.p50_ms for load in loads), 2),
                "p99_ms": round(statistics.median(load.p99_ms for load in loads), 2),
            }
        )
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    print(f"{'':34} {'requests/s':>10} {'of raw':>7} {'p50 ms':>7} {'p99 ms':>7}")
    for row in rows:
        print(
            f"{row['contestant']:34} {row['requests_per_second']:10} {row['of_raw']:7} "
            f"{row['p50_ms']:7} {row['p99_ms']:7}"
        )


if __name__ == "__main__":
    main()
