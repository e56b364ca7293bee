"""`python -m bench.suspend`: how much memory do suspended executions take, how long a resume?

Runs one worker's service in this process. Suspends executions, reads memory and threads, resumes
some executions one after another, and lets the rest expire. Ends with exit code 1 if the process
takes more than `--most-mib`, if the median of the resumes is over 2 ms, or if threads, counts or
memory do not return to their values after a first round.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import json
import statistics
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from nexus.config import Settings
from nexus.runtime import WasmRuntime
from nexus.service import Service

WAT = """(module (import "nexus" "ext_call"
    (func $call (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1) (data (i32.const 0) "oracleask1")
  (func (export "_start")
    (drop (call $call (i32.const 0) (i32.const 6) (i32.const 6) (i32.const 3)
      (i32.const 9) (i32.const 1)))
    (i32.store (i32.const 16) (i32.const 9)) (i32.store (i32.const 20) (i32.const 1))
    (drop (call $write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 24)))))"""
JAVASCRIPT = "export default async () => await $ext.oracle.ask(1);"
GUESTS = {"wat": WAT, "js": JAVASCRIPT}
RESUMED = 100
MEDIAN_MS = 2.0
MEMORY_SLACK_MIB = 8.0
"""How much more memory the process may have at the end: allocators keep some."""


@dataclass
class Reading:
    """The memory, threads and counts of the process at one moment."""

    rss_mib: float
    threads: int
    suspended: int
    pool_mib: float


@dataclass
class Report:
    """The results of a run."""

    guest: str
    count: int
    start: Reading
    before: Reading
    """read after a first round"""
    suspended: Reading
    after: Reading
    suspend_s: float
    resume_ms: list[float] = field(default_factory=list)

    def each_mib(self) -> float:
        return (self.suspended.rss_mib - self.start.rss_mib) / self.count

    def faults(self, most_mib: float) -> list[str]:
        """Return a line for each result that is not allowed."""
        found = []
        if self.suspended.rss_mib > most_mib:
            found.append(f"{self.suspended.rss_mib:.0f} MiB, more than {most_mib:.0f}")
        if statistics.median(self.resume_ms) > MEDIAN_MS:
            found.append(f"a resume took {statistics.median(self.resume_ms):.2f} ms")
        if (self.after.threads, self.after.suspended) != (self.before.threads, 0):
            found.append(f"{self.after.threads} threads are left, of {self.before.threads} before")
        if self.after.rss_mib > self.before.rss_mib + MEMORY_SLACK_MIB:
            found.append(f"{self.after.rss_mib - self.before.rss_mib:.0f} MiB were not given back")
        return found


def measure(guest: str, count: int, expire_s: float, scratch: Path) -> Report:
    """Suspend *count* executions of *guest*, which expire after *expire_s*."""
    suffix = "js" if guest == "js" else "wat"
    handlers = scratch / "handlers"
    handlers.mkdir()
    (handlers / f"asks.{suffix}").write_text(GUESTS[guest])
    (handlers / "asks.toml").write_text('capabilities = ["ext:oracle"]\n')
    settings = Settings(
        handlers_dir=handlers,
        cache_dir=scratch / "cache",
        max_suspended=count,
        pool_memory_mb=8192,
        suspension_timeout_ms=round(expire_s * 1000),
        workers=1,
    )
    service = Service(settings, None)
    service.start_with(handlers)
    try:
        return _measure(guest, count, service)
    finally:
        service.stop(5.0)


def _measure(guest: str, count: int, service: Service) -> Report:
    runtime = WasmRuntime.of(service)
    _resume(runtime, _suspend(runtime))
    _until(lambda: not _run_threads())
    start = _read(service)
    # Python's and the engine's allocators keep their peak for later, so a first round shows
    # nothing: the second round must not leave more memory in use than the first.
    ids = [_suspend(runtime) for _ in range(count)]
    for suspension_id in ids[:RESUMED]:
        _resume(runtime, suspension_id)
    for suspension_id in ids[RESUMED:]:
        runtime.cancel_suspension(suspension_id)
    _until(lambda: not service.pool.suspended_count() and not _run_threads())
    before = _read(service)
    began = time.monotonic()
    ids = [_suspend(runtime) for _ in range(count)]
    took_s = time.monotonic() - began
    suspended = _read(service)
    report = Report(guest, count, start, before, suspended, before, took_s)
    for suspension_id in ids[:RESUMED]:
        report.resume_ms.append(_resume(runtime, suspension_id) * 1000)
    _until(lambda: not service.pool.suspended_count() and not _run_threads())
    report.after = _read(service)
    return report


def _suspend(runtime: WasmRuntime) -> str:
    result = runtime.execute_handler("asks", {})
    assert result.suspension is not None, result
    return str(result.suspension["id"])


def _resume(runtime: WasmRuntime, suspension_id: str) -> float:
    """Resume one execution to its end; return how many seconds that took."""
    began = time.perf_counter()
    result = runtime.resume_handler(suspension_id, {"success": True, "value": 1})
    took_s = time.perf_counter() - began
    assert result.status == "success", result
    return took_s


def _run_threads() -> int:
    return sum(thread.name == "nexus-run" for thread in threading.enumerate())


def _until(holds: object) -> None:
    assert callable(holds)
    deadline = time.monotonic() + 600
    while not holds():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.1)


def _read(service: Service) -> Reading:
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # memory that the allocator keeps is not in use
    status = Path("/proc/self/status").read_text().splitlines()
    rss = next(int(line.split()[1]) for line in status if line.startswith("VmRSS:")) / 1024
    pool = service.pool
    memory = pool.total_memory() / (1 << 20)
    return Reading(round(rss, 1), threading.active_count(), pool.suspended_count(), memory)


def _print(report: Report) -> None:
    for name in ("start", "before", "suspended", "after"):
        reading: Reading = getattr(report, name)
        print(
            f"{report.guest:4} {name:9} {reading.suspended:5} suspended {reading.threads:5} threads"
            f" {reading.rss_mib:8.1f} MiB"
        )
    resumes = sorted(report.resume_ms)
    print(
        f"{report.guest:4} {report.each_mib():.2f} MiB each; to suspend "
        f"{report.suspend_s / report.count * 1000:.2f} ms; to resume p50 "
        f"{statistics.median(resumes):.2f} ms, p99 {resumes[int(len(resumes) * 0.99)]:.2f} ms"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.suspend", description=__doc__)
    parser.add_argument("--guest", choices=sorted(GUESTS), default="wat")
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--expire", type=float, default=20.0, help="seconds")
    parser.add_argument("--most-mib", type=float, default=1024.0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        report = measure(options.guest, options.count, options.expire, Path(scratch))
    faults = report.faults(options.most_mib)
    if options.json:
        print(json.dumps({**asdict(report), "faults": faults}, indent=2))
    else:
        _print(report)
    if faults:
        sys.exit("\n".join(faults))


if __name__ == "__main__":
    main()
