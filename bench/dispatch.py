"""`python -m bench.dispatch`: requests/s of a warm handler beside the limit, Flask and its peers.

Every contestant runs under gunicorn with the same settings: one gthread worker, 8 threads, 8
connections kept alive, no access log. All stand ready at once; each round measures every one of
them, in turn, and the median of the rounds counts: what slows the machine slows all alike.

`--plugins` measures Nexus alone, with the plugins of this environment turned off and with them
installed and idle: they have no options.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from importlib.metadata import entry_points

from bench.load import Load, measure, need_wrk
from bench.server import Server

CONTESTANTS = {
    "raw WSGI callable": ("raw", "/hello"),
    "constant Flask view": ("flask_constant", "/hello"),
    "Nexus, warm handler": ("nexus", "/hello"),
    "Nexus, isolation fresh": ("nexus", "/fresh"),
    "Nexus, JavaScript": ("nexus", "/script"),
    "Flask + wasmtime-py, fresh store": ("flask_wasmtime", "/hello"),
    "Flask + extism, reused plug-in": ("flask_extism_reused", "/hello"),
    "Flask + extism, fresh plug-in": ("flask_extism_fresh", "/hello"),
    "Flask + quickjs, fresh context": ("flask_quickjs", "/hello"),
    "node, http server": ("node", "/"),
}
BASE = "raw WSGI callable"
Environ = Mapping[str, str]


def main() -> None:
    options = _options()
    need_wrk()
    if options.plugins:
        contestants, base = _with_plugins(), "Nexus, no plugins"
    else:
        contestants, base = {name: (*found, {}) for name, found in CONTESTANTS.items()}, BASE
    with ExitStack() as stack:
        servers = {
            name: stack.enter_context(Server(app, path, **environ))
            for name, (app, path, environ) in contestants.items()
            if options.only in name
        }
        for server in servers.values():  # every thread has served before anything is measured
            measure(server.url, connections=8, seconds=1)
        rounds: dict[str, list[Load]] = {name: [] for name in servers}
        for number in range(options.rounds):
            print(f"round {number + 1} of {options.rounds} ...", file=sys.stderr)
            for name, server in servers.items():
                rounds[name].append(measure(server.url, connections=8, seconds=options.seconds))
    _report(rounds, base, as_json=options.json)


def _with_plugins() -> dict[str, tuple[str, str, Environ]]:
    """Nexus without the plugins that are installed here, and with them."""
    names = sorted(found.name for found in entry_points(group="nexus"))
    if not names:
        sys.exit("no plugin is installed here; `make test` installs those under plugins/")
    print(f"plugins: {', '.join(names)}", file=sys.stderr)
    off = {"NEXUS_DISABLED_PLUGINS": ",".join(names)}
    return {
        "Nexus, no plugins": ("nexus", "/hello", off),
        f"Nexus, {len(names)} plugins idle": ("nexus", "/hello", {}),
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.dispatch", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement")
    parser.add_argument("--only", default="", help="contestants whose name has this")
    parser.add_argument("--plugins", action="store_true", help="with plugins and without")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _report(rounds: dict[str, list[Load]], base_name: str, *, as_json: bool) -> None:
    rows = []
    base = statistics.median(load.per_second for load in rounds.get(base_name, [Load(1.0, 0, 0)]))
    for name, loads in rounds.items():
        per_second = statistics.median(load.per_second for load in loads)
        rows.append(
            {
                "contestant": name,
                "requests_per_second": round(per_second),
                "of_base": round(per_second / base, 3),
                "p50_ms": round(statistics.median(load.p50_ms for load in loads), 2),
                "p99_ms": round(statistics.median(load.p99_ms for load in loads), 2),
            }
        )
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    print(f"{'':34} {'requests/s':>10} {'of base':>7} {'p50 ms':>7} {'p99 ms':>7}")
    for row in rows:
        print(
            f"{row['contestant']:34} {row['requests_per_second']:10} {row['of_base']:7} "
            f"{row['p50_ms']:7} {row['p99_ms']:7}"
        )


if __name__ == "__main__":
    main()
