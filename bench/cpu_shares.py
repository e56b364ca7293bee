"""`python -m bench.cpu_shares`: do handlers get the CPU that their manifests ask for?

One worker, endless loops for ten seconds each: first one with `cpu.limit = "200m"` beside one
without a limit, then two without limits whose `cpu.request` are 300m and 100m. Shows the CPU
seconds in `nexus_handler_cpu_seconds_total`, and those that the kernel counted for the worker.
"""

from __future__ import annotations

import argparse
import os
import re
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

from bench.server import ROOT, Server

MANIFESTS = {
    "limited": '[cpu]\nlimit = "200m"\n',
    "free": "",
    "three": '[cpu]\nrequest = "300m"\n',
    "one": '[cpu]\nrequest = "100m"\n',
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.cpu_shares", description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    seconds = parser.parse_args().seconds
    spin = (ROOT / "bench" / "handlers" / "spin.wat").read_text()
    with tempfile.TemporaryDirectory() as folder:
        for name, manifest in MANIFESTS.items():
            Path(folder, f"{name}.wat").write_text(spin)
            Path(folder, f"{name}.toml").write_text(
                f"timeout_ms = {round(seconds * 1000)}\n{manifest}"
            )
        with Server("nexus", "/healthz", NEXUS_HANDLERS_DIR=folder) as server:
            _wait_ready(server)
            _report("limit 200m, beside one without", *_compete(server, "limited", "free"), seconds)
            _report("requests 300m and 100m", *_compete(server, "three", "one"), seconds)


def _wait_ready(server: Server) -> None:
    for _ in range(600):
        try:
            with urllib.request.urlopen(server.url.replace("healthz", "readyz")):
                return
        except urllib.error.HTTPError:
            time.sleep(0.1)
    raise RuntimeError("the server did not become ready")


def _compete(server: Server, *names: str) -> tuple[dict[str, float], float]:
    """Run these loops side by side; return the CPU seconds of each, and the worker's."""
    (worker,) = server.workers()
    before = _process_cpu(worker)
    askers = [threading.Thread(target=_ask, args=(server, name)) for name in names]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    whole = _process_cpu(worker) - before
    with urllib.request.urlopen(server.url.replace("healthz", "metrics")) as response:
        text = response.read().decode()
    pattern = r'nexus_handler_cpu_seconds_total\{handler="%s"\} (\S+)'
    found = {name: re.search(pattern % name, text) for name in names}
    return {name: float(match[1]) for name, match in found.items() if match}, whole


def _ask(server: Server, name: str) -> None:
    try:
        urllib.request.urlopen(server.url.replace("healthz", name), timeout=120)
    except urllib.error.HTTPError as error:
        error.close()


def _process_cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _report(title: str, used: dict[str, float], whole: float, seconds: float) -> None:
    print(f"{title}:")
    for name, cpu_s in used.items():
        print(f"  {name:8} {cpu_s / seconds:.3f} cores")
    first, second = used.values()
    print(f"  ratio    {first / second:.2f}")
    print(
        f"  handlers explain {sum(used.values()) / whole * 100:.0f} % of the worker's {whole:.2f} s"
    )


if __name__ == "__main__":
    main()
