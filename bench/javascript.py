"""`python -m bench.javascript [start|compiling|stages|kernels]...`: what JavaScript costs.

start      the time from the command to the first answer of a JavaScript handler: with an empty
           cache, with the cache of `make run`, and with that of an earlier start
compiling  another handler's latency alone, and while LLVM compiles QuickJS in the background
stages     a request by stage (reset, body in, call, body out) and its instance's memory, without
           the HTTP server, at bodies of 1 KB and 1 MB
kernels    nine kernels in a guest, beside the same QuickJS-NG as native code
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.javascript_kernels import print_kernels
from bench.javascript_stages import print_stages
from bench.load import Load, measure, need_wrk
from bench.server import ROOT, Server
from nexus.compiler.cache import ArtifactCache
from nexus.compiler.compiler import Compiler, CompilerLimits
from nexus.engines import create_engine
from nexus.guest import Abis, built_in_abis

PARTS = ("start", "compiling", "stages", "kernels")
MEMORY_BYTES = 32 << 20
"""The default memory limit; handlers are compiled for it."""
_BEFORE_LLVM_S = 1.5
"""How long to wait until LLVM runs: the rewriter, in Python, runs before it."""


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench.javascript",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="PART")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=2, help="of each round of wrk")
    options = parser.parse_args()
    parts = options.parts or PARTS
    with tempfile.TemporaryDirectory() as scratch:
        cache, handlers = Path(scratch, "cache"), Path(scratch, "handlers")
        handlers.mkdir()
        if "start" in parts:
            _print_starts(cache, options.rounds)
        if "compiling" in parts:
            need_wrk()
            _print_beside(cache, options.rounds, options.seconds)
        if "stages" in parts:
            _compiler(cache, "llvm").prepare("javascript", MEMORY_BYTES)
            print_stages(cache, handlers)
        if "kernels" in parts:
            print_kernels(options.rounds)


# ---- the first answer ------------------------------------------------------------------------


def _print_starts(cache: Path, rounds: int) -> None:
    print("from `nexus serve --handlers examples` to an answer of pages/index.js, in s")
    print(f"{'':34}{'median':>7}{'least':>7}{'most':>7}")
    _print_start("empty cache", [_first_answer(cache)])
    artifacts = cache / "artifacts"
    quick = _compiler(cache, "cranelift")
    found = []
    for _ in range(min(rounds, 3)):
        shutil.rmtree(artifacts)
        quick.prepare("javascript", MEMORY_BYTES)
        found.append(_first_answer(cache))
    _print_start("QuickJS prepared (`make run`)", found)
    best = _compiler(cache, "llvm")
    best.prepare("javascript", MEMORY_BYTES)
    _first_answer(cache)
    _print_start("filled cache", [_first_answer(cache) for _ in range(rounds)])


def _print_start(title: str, found: list[float]) -> None:
    figures = (statistics.median(found), min(found), max(found))
    print(f"{title:34}", *(f"{seconds:6.2f}" for seconds in figures), f"of {len(found)}")


def _first_answer(cache: Path) -> float:
    """Return the seconds from the command to the first answer."""
    environ = {"NEXUS_HANDLERS_DIR": str(ROOT / "examples"), "NEXUS_CACHE_DIR": str(cache)}
    began = time.monotonic()
    with Server("nexus", "/pages/", workers=len(os.sched_getaffinity(0)), **environ):
        return time.monotonic() - began


# ---- beside a compilation --------------------------------------------------------------------


def _print_beside(cache: Path, rounds: int, seconds: int) -> None:
    alone: list[Load] = []
    beside: list[Load] = []
    with Server("nexus", "/hello", NEXUS_CACHE_DIR=str(cache)) as server:
        server.wait_settled()
        for _ in range(rounds):
            alone.append(measure(server.url, connections=2, seconds=seconds))
            with _compiling():
                beside.append(measure(server.url, connections=2, seconds=seconds))
    print(f"\n{'hello.wat':24}{'p50, ms':>9}{'p99, ms':>9}{'requests/s':>12}")
    for name, loads in (("alone", alone), ("while LLVM compiles", beside)):
        p50, p99, rate = (
            statistics.median(getattr(load, figure) for load in loads)
            for figure in ("p50_ms", "p99_ms", "per_second")
        )
        print(f"{name:24}{p50:9.2f}{p99:9.2f}{rate:12.0f}")
    ratio = statistics.median(
        loaded.p99_ms / idle.p99_ms for idle, loaded in zip(alone, beside, strict=True)
    )
    print(f"medians of {rounds} rounds; the p99 of a round is {ratio:.2f} times that before it")


@contextmanager
def _compiling() -> Iterator[None]:
    """Let LLVM compile QuickJS during the block, as a service does in the background."""
    with tempfile.TemporaryDirectory() as folder:
        # A process, since it can be killed: its child, the compiler, ends with it.
        process = multiprocessing.Process(target=_compile, args=(Path(folder),))
        process.start()
        time.sleep(_BEFORE_LLVM_S)
        try:
            yield
            assert process.is_alive(), "LLVM was done before the round was"
        finally:
            process.kill()
            process.join()


def _compile(cache: Path) -> None:
    _compiler(cache, "llvm").prepare("javascript", MEMORY_BYTES, idle=True)


def _compiler(cache: Path, name: str) -> Compiler:
    engine = create_engine("wasmer", name, cache)
    limits = CompilerLimits(600.0, 2 << 30)
    artifacts = ArtifactCache(cache, lambda _: None)
    return Compiler(engine, artifacts, cache, limits, lambda *_: None, Abis(built_in_abis()))


if __name__ == "__main__":
    main()
