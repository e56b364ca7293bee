"""`python -m bench.workers`: how much faster does a second worker make a handler that computes?

Prints the requests/s of the chart example (draws and compresses a PNG: milliseconds of CPU) with
one worker and with two, rounds interleaved, and the ratio of the medians.
"""

from __future__ import annotations

import argparse
import statistics

from bench.load import measure, need_wrk
from bench.server import ROOT, Server

PATH = "/chart?values=3,9,4,7,1,8,2,6,5,9,3,7&width=600&height=400"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.workers", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each round")
    options = parser.parse_args()
    need_wrk()
    folder = str(ROOT / "examples")
    found: dict[int, list[float]] = {1: [], 2: []}
    with (
        Server("nexus", PATH, workers=1, NEXUS_HANDLERS_DIR=folder) as one,
        Server("nexus", PATH, workers=2, NEXUS_HANDLERS_DIR=folder) as two,
    ):
        one.wait_settled()
        two.wait_settled()
        for _ in range(options.rounds):
            for workers, server in ((1, one), (2, two)):
                load = measure(server.url, connections=8, seconds=options.seconds)
                found[workers].append(load.per_second)
    medians = {workers: statistics.median(rates) for workers, rates in found.items()}
    for workers, rate in medians.items():
        print(f"{workers} worker{'s' if workers > 1 else ' '}  {rate:7.1f} requests/s")
    print(f"two serve {medians[2] / medians[1]:.2f} times as many as one")


if __name__ == "__main__":
    main()
