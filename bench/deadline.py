"""`python -m bench.deadline`: how late is the answer of a handler that never ends by itself?

Eight clients ask for an endless loop with `timeout_ms = 300`, 200 times in all, while a ninth asks
for a trivial handler. Prints how long the clients waited for the loops' answers, and the latency of
the trivial handler. Every loop must end with 504, and the worker must not be replaced.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import threading
import time
import urllib.error
import urllib.request

from bench.server import THREADS, Server

TIMEOUT_MS = 300


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.deadline", description=__doc__)
    parser.add_argument("--loops", type=int, default=200)
    parser.add_argument("--clients", type=int, default=8, help="that ask for the endless loop")
    options = parser.parse_args()
    threads = str(max(THREADS, options.clients + 1))
    with Server("nexus", "/hello", NEXUS_THREADS=threads, NEXUS_MAX_INSTANCES="20") as server:
        server.wait_settled()
        workers = server.workers()
        base = server.url.rsplit("/", 1)[0]
        loops, others = _measure(base, options.loops, options.clients)
        replaced = server.workers() != workers
    late = sorted(took - TIMEOUT_MS for took in loops)
    print(f"{len(loops)} endless loops, {options.clients} at a time, each ended at {TIMEOUT_MS} ms")
    print(f"late by, ms: median {statistics.median(late):.1f}, most {late[-1]:.1f}")
    print(f"a trivial handler meanwhile, ms: median {statistics.median(others):.2f}, "
          f"p99 {sorted(others)[int(len(others) * 0.99)]:.2f}, of {len(others)}")  # fmt: skip
    if replaced:
        sys.exit("a worker was replaced meanwhile")


def _measure(base: str, count: int, clients: int) -> tuple[list[float], list[float]]:
    loops: list[float] = []
    others: list[float] = []
    finished = threading.Event()

    def ask_for_loops() -> None:
        for _ in range(count // clients):
            loops.append(_ask(f"{base}/spin", 504))

    def ask_for_others() -> None:
        while not finished.is_set():
            others.append(_ask(f"{base}/hello", 200))

    askers = [threading.Thread(target=ask_for_loops) for _ in range(clients)]
    other = threading.Thread(target=ask_for_others)
    for thread in (*askers, other):
        thread.start()
    for thread in askers:
        thread.join()
    finished.set()
    other.join()
    return loops, others


def _ask(url: str, expected: int) -> float:
    """Send one request; return how long the answer took, in ms."""
    began = time.monotonic()
    try:
        with urllib.request.urlopen(url, timeout=30) as response:
            status = response.status
            response.read()
    except urllib.error.HTTPError as error:
        status = error.code
        error.close()
    if status != expected:
        sys.exit(f"{url} answered {status} instead of {expected}")
    return (time.monotonic() - began) * 1000


if __name__ == "__main__":
    main()
