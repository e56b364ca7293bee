"""`python -m bench.stalled`: what do clients that stall cost the others?

Nexus and its peers run one worker of four threads each. A crowd of clients of one kind begin
requests and do not go on. Meanwhile good clients ask for `/hello`, each time on a new connection.
Shows how long their requests take (p99, ms), how many get no answer within a second, and how long
the server takes to end after SIGTERM (s) while the crowd is still connected.
"""

from __future__ import annotations

import argparse
import json
import resource
import signal
import socket
import ssl
import statistics
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field

from bench.stalled_clients import BEGINNINGS, CERTIFICATE, TLS, Stalled
from bench.stalled_servers import CONTESTANTS, WITH_TLS, installed, peak_mib, running

PATIENCE_S = 1.0
"""How long a good request may take; then it counts as lost."""
END_S = 3.0
"""How long a server may take to end; then it counts as not ended. Nexus's longest timeout is a
second."""
SETTLE_S = 0.01
"""For each client of a kind, how long the crowd is connected before good clients begin: by then the
server has answered those requests of the crowd that it can."""
PAUSE_S = 0.005
"""The pause between two requests of one good client."""
ASKERS = 2
ALL = "all of them"


@dataclass
class Reading:
    """The effect of a crowd of one kind on one server."""

    contestant: str
    kind: str
    took_ms: list[float] = field(default_factory=list)
    lost: int = 0
    end_s: float | None = None
    """how long the server took to end; None: it did not end in time"""
    peak_mib: int = 0

    def p99_ms(self) -> float | None:
        """Return the 99th percentile of the answered requests' times, or None without answers."""
        if len(self.took_ms) < 2:
            return None
        return statistics.quantiles(self.took_ms, n=100)[98]

    def text(self) -> str:
        p99_ms = self.p99_ms()
        answered = "-" if p99_ms is None else f"{p99_ms:.0f}"
        ended = f">{END_S:.0f}" if self.end_s is None else f"{self.end_s:.1f}"
        return f"{answered:>4} {self.lost:4d} {ended:>4}"


def main() -> None:
    options = _options()
    _raise_descriptors()
    names = [name for name in CONTESTANTS if name in options.only or not options.only]
    readings = []
    kinds = options.kind or [*BEGINNINGS, ALL]
    for kind in kinds:
        for name in names:
            if kind == TLS and name not in WITH_TLS:
                continue
            print(f"{kind}: {name} ...", file=sys.stderr)
            if installed(name):
                readings.append(measure(name, kind, options.clients, options.seconds))
            else:
                print(f"{name} is not installed and is left out", file=sys.stderr)
    if options.json:
        print(json.dumps([asdict(reading) for reading in readings], indent=2))
        return
    print(f"{options.clients} stalled clients of each kind; p99 (ms), lost, SIGTERM (s)")
    print(f"{'':18}" + "".join(f"{name:>16}" for name in names))
    for kind in kinds:
        row = {reading.contestant: reading for reading in readings if reading.kind == kind}
        cells = [row[name].text() if name in row else "-" for name in names]
        print(f"{kind:18}" + "".join(f"{cell:>16}" for cell in cells))
    for name in names:
        peaks = [reading.peak_mib for reading in readings if reading.contestant == name]
        print(f"most memory of {name}: {max(peaks, default=0)} MiB")


def measure(name: str, kind: str, clients: int, seconds: float) -> Reading:
    """Let *clients* of a *kind* stall one contestant for *seconds*, with good clients beside them;
    then end the contestant."""
    reading = Reading(name, kind)
    tls = kind == TLS
    kinds = [other for other in BEGINNINGS if other != TLS] if kind == ALL else [kind]
    with running(name, tls=tls) as (process, port):
        context = ssl.create_default_context(cafile=str(CERTIFICATE)) if tls else None
        _wait_until_up(port, context)
        with ExitStack() as stack:
            crowd = []
            for one in kinds:
                for _ in range(clients):
                    client = Stalled(port, one)
                    stack.callback(client.sock.close)
                    crowd.append(client)
            time.sleep(SETTLE_S * clients)
            _ask_meanwhile(reading, crowd, port, context, seconds)
            reading.peak_mib = peak_mib(process.pid)
            reading.end_s = _end(process)
    return reading


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.stalled", description=__doc__)
    parser.add_argument("--clients", type=int, default=100, help="of each kind")
    parser.add_argument("--seconds", type=float, default=1.5, help="of each measurement")
    parser.add_argument("--only", action="append", default=[], choices=list(CONTESTANTS))
    parser.add_argument("--kind", action="append", choices=[*BEGINNINGS, ALL])
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _raise_descriptors() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _wait_until_up(port: int, context: ssl.SSLContext | None) -> None:
    deadline = time.monotonic() + 30
    while not _get(port, context):
        if time.monotonic() > deadline:
            raise RuntimeError("the server did not come up")
        time.sleep(0.05)


def _get(port: int, context: ssl.SSLContext | None) -> bool:
    """Ask for `/hello` on a connection of its own; return whether it was answered."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as plain:
            sock = plain
            if context is not None:
                sock = context.wrap_socket(plain, server_hostname="localhost")
            sock.sendall(b"GET /hello HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
            found = b""
            while not found.endswith(b"hello") and (more := sock.recv(65536)):
                found += more
            return found.endswith(b"hello")
    except OSError:
        return False


def _ask_meanwhile(
    reading: Reading,
    crowd: list[Stalled],
    port: int,
    context: ssl.SSLContext | None,
    seconds: float,
) -> None:
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            began = time.monotonic()
            if _get(port, context):
                reading.took_ms.append((time.monotonic() - began) * 1000)
            else:
                reading.lost += 1
            over.wait(PAUSE_S)

    askers = [threading.Thread(target=ask) for _ in range(ASKERS)]
    for asker in askers:
        asker.start()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for client in crowd:
            client.drip()
        over.wait(0.5)
    over.set()
    for asker in askers:
        asker.join()


def _end(process: subprocess.Popen[bytes]) -> float | None:
    """Send SIGTERM; return how long it took to end."""
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(END_S)
    except subprocess.TimeoutExpired:
        return None
    return time.monotonic() - began


if __name__ == "__main__":
    main()
