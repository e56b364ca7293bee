"""`python -m bench.soak`: good, slow, trapping, looping, deep and memory-hungry handlers at once.

One worker at full load for 15 minutes, or another time. Prints resident memory, open file
descriptors and replaced workers meanwhile, and the statuses of each handler at the end. Ends with
exit code 1 if a handler answered with a status that it may not, a worker was replaced, or memory or
descriptors grew from the second quarter to the last.
"""

from __future__ import annotations

import argparse
import http.client
import json
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bench.server import Server
from bench.soak_handlers import KINDS, SHED, Kind, write

RSS_SLACK = 1.05
"""How much larger memory may be in the last quarter than in the second, else the soak fails."""
FD_SLACK = 8
"""How many more descriptors may be open in the last quarter: some connections may be open then."""
BODY = b"0123456789abcdef" * 64


@dataclass
class Reading:
    """The worker's memory and descriptors at one moment."""

    at_s: float
    rss_mib: float
    fds: int


@dataclass
class Soak:
    """The results of a soak."""

    statuses: dict[str, Counter[int]] = field(
        default_factory=lambda: {kind.name: Counter() for kind in KINDS}
    )
    readings: list[Reading] = field(default_factory=list)
    replaced: int = 0
    broken: Counter[str] = field(default_factory=Counter)
    """number of requests without an answer, by reason"""

    def faults(self) -> list[str]:
        """Return a line for each result that is not allowed."""
        found = [f"{count} times {reason}" for reason, count in self.broken.items()]
        if self.replaced:
            found.append(f"the worker was replaced {self.replaced} times")
        for kind in KINDS:
            seen = self.statuses[kind.name]
            wrong = {s: n for s, n in seen.items() if s not in kind.allowed | SHED}
            if wrong or not any(seen[status] for status in kind.allowed):
                found.append(f"{kind.name} answered {dict(seen)}")
        return found + self._growth()

    def _growth(self) -> list[str]:
        quarter = len(self.readings) // 4
        if not quarter:
            return []
        # Medians, since memory goes up and down with the requests under way.
        before = _middle(self.readings[quarter : 2 * quarter])
        after = _middle(self.readings[-quarter:])
        found = []
        if after.rss_mib > before.rss_mib * RSS_SLACK:
            found.append(f"memory grew from {before.rss_mib:.1f} to {after.rss_mib:.1f} MiB")
        if after.fds > before.fds + FD_SLACK:
            found.append(f"descriptors grew from {before.fds} to {after.fds}")
        return found


def _middle(readings: list[Reading]) -> Reading:
    return Reading(
        readings[-1].at_s,
        statistics.median(reading.rss_mib for reading in readings),
        statistics.median_high([reading.fds for reading in readings]),
    )


def soak(seconds: float, every_s: float, **environ: str) -> Soak:
    """Serve and send requests for *seconds*; read the worker's memory and descriptors *every_s*."""
    result, over = Soak(), threading.Event()
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder))
        with Server("nexus", "/hello", NEXUS_HANDLERS_DIR=folder, **environ) as server:
            clients = [
                threading.Thread(target=_ask, args=(server.port, kind, result, over))
                for kind in KINDS
                for _ in range(kind.clients)
            ]
            workers = server.workers()
            for client in clients:
                client.start()
            began = time.monotonic()
            while not over.wait(min(every_s, max(0.0, began + seconds - time.monotonic()))):
                workers = _read(server, workers, time.monotonic() - began, result)
                if time.monotonic() - began >= seconds:
                    over.set()
            for client in clients:
                client.join()
    return result


def _read(server: Server, workers: list[int], at_s: float, result: Soak) -> list[int]:
    now = server.workers()
    result.replaced += len(set(workers) - set(now))
    if len(now) == 1:
        status = Path(f"/proc/{now[0]}/status").read_text().splitlines()
        rss = next(int(line.split()[1]) for line in status if line.startswith("VmRSS:")) / 1024
        fds = len(list(Path(f"/proc/{now[0]}/fd").iterdir()))
        result.readings.append(Reading(round(at_s, 1), round(rss, 1), fds))
        print(f"{at_s:7.1f} s {rss:8.1f} MiB {fds:5} descriptors", file=sys.stderr)
    return now


def _ask(port: int, kind: Kind, result: Soak, over: threading.Event) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    seen: Counter[int] = Counter()
    while not over.is_set():
        try:
            connection.request("POST", f"/{kind.name}", BODY)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException) as error:
            result.broken[f"{kind.name}: {type(error).__name__}"] += 1
            connection.close()
        else:
            seen[answer.status] += 1
            if answer.status in SHED:
                over.wait(float(answer.headers.get("Retry-After", "1")))
    connection.close()
    with _merging:
        result.statuses[kind.name] += seen


_merging = threading.Lock()  # guards the statuses of a Soak


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--every", type=float, default=15.0, help="seconds between readings")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    result = soak(options.minutes * 60, options.every)
    if options.json:
        print(json.dumps({**asdict(result), "faults": result.faults()}, indent=2))
    else:
        for name, seen in result.statuses.items():
            print(f"{name:8}", *(f"{status}: {count}" for status, count in sorted(seen.items())))
        print(f"workers replaced: {result.replaced}")
    if result.faults():
        sys.exit("\n".join(result.faults()))


if __name__ == "__main__":
    main()
