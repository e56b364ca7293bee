"""`python -m bench.beside`: how long does a trivial handler take beside endless loops?

Two clients ask for an endless loop again and again, in a worker of eight threads, while wrk asks
for a trivial handler over two connections. Prints its latency without the loops and beside them,
and what share of a core the loops had meanwhile.
"""

from __future__ import annotations

import argparse
import statistics
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from bench.load import Load, measure, need_wrk
from bench.server import Server


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.beside", description=__doc__)
    parser.add_argument("--loops", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each round")
    options = parser.parse_args()
    need_wrk()
    alone: list[Load] = []
    beside: list[Load] = []
    with Server("nexus", "/hello") as server:
        server.wait_settled()
        base = server.url.rsplit("/", 1)[0]
        used_s = 0.0
        for _ in range(options.rounds):
            alone.append(measure(server.url, connections=2, seconds=options.seconds))
            with _looping(f"{base}/spin", options.loops):
                before = _cpu_s(base)
                beside.append(measure(server.url, connections=2, seconds=options.seconds))
                used_s += _cpu_s(base) - before
    for name, loads in (("alone", alone), (f"beside {options.loops} loops", beside)):
        p50, p99, rate = (
            statistics.median(getattr(load, figure) for load in loads)
            for figure in ("p50_ms", "p99_ms", "per_second")
        )
        print(f"{name:15} p50 {p50:5.2f} ms, p99 {p99:5.2f} ms, {rate:6.0f} requests/s")
    print(f"the loops had {used_s / (options.rounds * options.seconds):.2f} of a core meanwhile")


@contextmanager
def _looping(url: str, clients: int) -> Iterator[None]:
    finished = threading.Event()

    def ask() -> None:
        while not finished.is_set():
            try:
                urllib.request.urlopen(url, timeout=30).close()
            except urllib.error.HTTPError as error:
                error.close()

    askers = [threading.Thread(target=ask) for _ in range(clients)]
    for asker in askers:
        asker.start()
    try:
        yield
    finally:
        finished.set()
        for asker in askers:
            asker.join()


def _cpu_s(base: str) -> float:
    """Return the CPU seconds that all ended runs of the loop have used."""
    with urllib.request.urlopen(f"{base}/metrics") as response:
        for line in response.read().decode().splitlines():
            if line.startswith('nexus_handler_cpu_seconds_total{handler="spin"}'):
                return float(line.rsplit(" ", 1)[1])
    return 0.0


if __name__ == "__main__":
    main()
