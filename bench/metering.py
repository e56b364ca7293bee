"""`python -m bench.metering`: what does it cost that a guest can be interrupted?

Kernels in C, built by one compiler for WebAssembly and natively, on wasmer with LLVM and on
wasmtime: unchanged, metered by Nexus, and with wasmtime's own epochs and fuel. All are prepared
before the first is measured; each round measures every contestant, in turn, and the median of the
rounds counts. Times are CPU times. All must compute the same checksum.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

from bench.c_kernels import NAMES, Kernel, build
from bench.contestants import CONTESTANTS, Run

NATIVE = "native"
RATIOS = {
    "llvm metered / llvm": ("llvm metered", "llvm"),
    "llvm metered / native": ("llvm metered", NATIVE),
    "llvm / native": ("llvm", NATIVE),
    "wasmtime metered / wasmtime": ("wasmtime metered", "wasmtime"),
    "wasmtime epochs / wasmtime": ("wasmtime epochs", "wasmtime"),
    "wasmtime fuel / wasmtime": ("wasmtime fuel", "wasmtime"),
    "llvm metered / wasmtime epochs": ("llvm metered", "wasmtime epochs"),
}

Times = dict[str, float]
"""Maps a contestant to its seconds."""


def main() -> None:
    options = _options()
    names = [name for name in NAMES if options.only in name]
    with tempfile.TemporaryDirectory() as folder:
        kernels = [build(name, Path(folder)) for name in names]
        times = {
            kernel.name: _measure(kernel, options.rounds, options.ms / 1000) for kernel in kernels
        }
    if options.json:
        print(json.dumps({"seconds": times, "ratios": _ratios(times)}, indent=2))
    else:
        _report(_ratios(times))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.metering", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--ms", type=float, default=50.0, help="native time of one measurement")
    parser.add_argument("--only", default="", help="kernels whose name has this")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _measure(kernel: Kernel, rounds: int, seconds: float) -> Times:
    print(f"{kernel.name} ...", file=sys.stderr)
    work = _work_for(kernel, seconds)
    _, expected = kernel.native(work)
    runs = {name: make(kernel.wasm) for name, make in CONTESTANTS.items()}
    found: dict[str, list[float]] = {name: [] for name in (NATIVE, *runs)}
    for _ in range(rounds):
        found[NATIVE].append(kernel.native(work)[0])
        for name, run in runs.items():
            found[name].append(_time(kernel.name, name, run, work, expected))
    return {name: statistics.median(times) for name, times in found.items()}


def _work_for(kernel: Kernel, seconds: float) -> int:
    """Return how many rounds of the native kernel take about *seconds*."""
    work = 1
    while (took := kernel.native(work)[0]) < seconds / 4:
        work *= 2
    return max(1, round(work * seconds / took))


def _time(kernel: str, name: str, run: Run, work: int, expected: int) -> float:
    began = time.thread_time()
    found = run(work)
    took = time.thread_time() - began
    if found != expected:
        sys.exit(f"{kernel}: {name} computed {found}, native {expected}")
    return took


def _ratios(times: dict[str, Times]) -> dict[str, dict[str, float]]:
    """Return ratios by name and kernel, and their geometric means."""
    found: dict[str, dict[str, float]] = {}
    for ratio, (above, below) in RATIOS.items():
        by_kernel = {kernel: t[above] / t[below] for kernel, t in times.items()}
        by_kernel["geometric mean"] = statistics.geometric_mean(by_kernel.values())
        found[ratio] = {kernel: round(value, 3) for kernel, value in by_kernel.items()}
    return found


def _report(ratios: dict[str, dict[str, float]]) -> None:
    rows = list(next(iter(ratios.values())))
    width = max(map(len, RATIOS))
    print(" " * width, *(f"{row[:11]:>11}" for row in rows))
    for ratio, values in ratios.items():
        print(f"{ratio:{width}}", *(f"{values[row]:11.2f}" for row in rows))


if __name__ == "__main__":
    main()
