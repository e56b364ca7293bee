"""`python -m bench.memory`: does a worker's memory stay flat, and do its instances stay few?

One worker answers 50,000 requests over 8 connections. Resident memory and the number of instances
made are read after the first 5,000 and at the end.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import urllib.request
from pathlib import Path

from bench.load import need_wrk
from bench.server import Server

WARM_UP, TOTAL = 5_000, 50_000


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.memory", description=__doc__)
    parser.add_argument("--path", default="/hello", help="of the handler in bench/handlers")
    parser.add_argument("--requests", type=int, default=TOTAL)
    options = parser.parse_args()
    need_wrk()
    with Server("nexus", options.path) as server:
        server.wait_settled()
        (worker,) = server.workers()
        before = _ask(server, options.path, WARM_UP), _resident_mib(worker)
        print(
            f"after {before[0]:6} requests: {before[1]:7.1f} MiB, {_created(server)} instances made"
        )
        served = before[0] + _ask(server, options.path, options.requests - before[0])
        after = _resident_mib(worker)
        print(f"after {served:6} requests: {after:7.1f} MiB, {_created(server)} instances made")
        print(f"growth: {(after / before[1] - 1) * 100:+.2f} %")
        if server.workers() != [worker]:
            sys.exit("the worker was replaced meanwhile")


def _ask(server: Server, path: str, count: int) -> int:
    """Send at least *count* requests; return how many were sent."""
    asked = 0
    while asked < count:
        command = ["wrk", "-t1", "-c8", "-d1s", server.url]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        asked += int(next(line for line in said.splitlines() if " requests in " in line).split()[0])
    return asked


def _resident_mib(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    line = next(line for line in status if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def _created(server: Server) -> int:
    base = server.url.rsplit("/", 1)[0]
    with urllib.request.urlopen(f"{base}/metrics", timeout=10) as response:
        for line in response.read().decode().splitlines():
            if line.startswith("nexus_pool_instances_created_total"):
                return int(float(line.split()[-1]))
    raise RuntimeError("no nexus_pool_instances_created_total in /metrics")


if __name__ == "__main__":
    main()
