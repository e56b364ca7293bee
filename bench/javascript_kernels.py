"""JavaScript kernels in a guest, beside the same QuickJS-NG as native code."""

from __future__ import annotations

import math
import statistics
import tempfile
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from nexus import WasmRuntime

SOURCE: Final = Path(__file__).parent / "kernels" / "kernels.js"
NAMES: Final = (
    "regexp",
    "json",
    "sort",
    "strings",
    "fib",
    "sieve",
    "objects",
    "maps",
    "floats",
)
_COMPILE_MS: Final = 600_000
_NATIVE_S: Final = 0.1
"""CPU time of one measurement of native code"""
_HANDLER: Final = "\nexport default ({ args }) => work(args.name, args.rounds);\n"

Work = Callable[[str, int], object]


def print_kernels(rounds: int) -> None:
    """Print the CPU time of each kernel, natively and in a guest (wasmer with LLVM), and the ratio.

    Raises: RuntimeError if a result differs from that of native code.
    """
    context = import_module("quickjs").Context()  # of quickjs-ng, in the extra `bench`
    context.eval(SOURCE.read_text())

    def native(name: str, count: int) -> object:
        value: object = context.eval(f"work({name!r}, {count})")
        return value

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "kernels.js").write_text(SOURCE.read_text() + _HANDLER)
        settings: dict[str, Any] = {"engine": "wasmer", "compiler": "llvm", "timeout_ms": 60_000}
        with WasmRuntime(folder, compile_timeout_ms=_COMPILE_MS, **settings) as runtime:
            _print_ratios(native, _in_guest(runtime), rounds)


def _in_guest(runtime: WasmRuntime) -> Work:
    def run(name: str, count: int) -> object:
        result = runtime.execute_handler("kernels", {"args": {"name": name, "rounds": count}})
        if result.error is not None:
            raise RuntimeError(f"{name}: {result.error['message']}")
        return result.return_value

    return run


def _print_ratios(native: Work, guest: Work, rounds: int) -> None:
    print(f"\n{'ms of CPU a round':20}{'native':>9}{'guest':>9}{'ratio':>8}")
    ratios = []
    for name in NAMES:
        count = max(2, int(_NATIVE_S / (_timed(native, name, 5)[0] / 5)))
        pairs = [(_timed(native, name, count), _timed(guest, name, count)) for _ in range(rounds)]
        if any(there[1] != here[1] for there, here in pairs):
            raise RuntimeError(f"{name}: the guest's result is not that of native code")
        # The least: what others do on the machine only adds.
        there_s, here_s = (min(pair[side][0] for pair in pairs) for side in (0, 1))
        ratios.append(here_s / there_s)
        times = f"{there_s / count * 1e3:9.2f}{here_s / count * 1e3:9.2f}"
        print(f"{name:20}{times}{ratios[-1]:8.2f}", flush=True)
    mean = math.exp(statistics.fmean(map(math.log, ratios)))
    print(f"{'geometric mean':38}{mean:8.2f}")


def _timed(work: Work, name: str, count: int) -> tuple[float, object]:
    """Return the CPU time of *count* rounds, and the result."""
    began = time.thread_time()
    result = work(name, count)
    return time.thread_time() - began, result
