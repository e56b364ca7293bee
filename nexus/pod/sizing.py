"""Works out how many workers, threads and connections fit a pod, and why.

Pure: the caller passes both the pod's resources and the demand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from nexus.pod.profiles import Profile

MIB = 1 << 20

# Proportional set sizes, wasmer 1.1 on CPython 3.10: master 25 to 31 MiB, worker 31 to 40 MiB
# (empty, and with the examples warm on ten threads).
MASTER_BYTES = 32 * MIB
WORKER_BYTES = 40 * MIB
COMPILER_BYTES = {"llvm": 136 * MIB, "cranelift": 64 * MIB}
"""Memory of a compiler child at its peak: LLVM compiles the examples in 130 MiB; loading a handler
in JavaScript takes 60"""


@dataclass(frozen=True)
class RuntimeMemory:
    """What a language runtime takes of a worker beside the instances, with a few handlers."""

    worker_bytes: int
    thread_bytes: int
    """of each thread that runs it: wasmer's threads share no code"""


# By engine, measured with `python -m tests.deploy.live burst --kinds ...`: code and snapshots of
# four handlers in JavaScript, of two in Python.
JAVASCRIPT = {
    "wasmtime": RuntimeMemory(48 * MIB, 0),
    "wasmer": RuntimeMemory(8 * MIB, 39 * MIB),
}
PYTHON = {
    "wasmtime": RuntimeMemory(280 * MIB, 0),
    "wasmer": RuntimeMemory(16 * MIB, 165 * MIB),
}
PYTHON_COMPILER_BYTES = 330 * MIB
"""Memory of the compiler children at their peak while handlers in Python are loaded"""
MAX_WORKERS, MAX_THREADS = 256, 1000
WAITING_SHARE = 3
"""Threads that wait for each one that runs, if a scheduling policy orders the waiting requests"""


@dataclass(frozen=True)
class Demand:
    """The sizes and limits that the settings ask for."""

    max_instances: int
    memory_limit_mb: int
    max_queue: int
    min_instances: int = 1
    compiler: str = "llvm"
    """`llvm` or `cranelift`"""
    workers: int | None = None
    """None: derive it"""
    threads: int | None = None
    """None: derive it"""
    ordered: bool = False
    """whether a scheduling policy orders waiting requests, each of which then holds a thread"""
    cache_bytes: int = 0
    """size of the cache and of temporary files if kept in memory (tmpfs)"""
    engine: str = "wasmtime"
    python: bool = False
    """whether there are handlers in Python"""


@dataclass(frozen=True)
class Figure:
    """One number and its source."""

    name: str
    value: int
    why: str


@dataclass(frozen=True)
class Sizing:
    """Numbers that fit together, each with its source."""

    workers: Figure
    threads: Figure
    worker_connections: Figure
    memory: tuple[Figure, ...]
    """bytes by purpose; they add up to `needed_bytes`"""
    limit_bytes: int | None
    warning: str | None
    """by how much the memory is too small; None: it suffices"""

    @property
    def needed_bytes(self) -> int:
        """The memory that all workers together may need."""
        return sum(part.value for part in self.memory)

    def figures(self) -> Iterator[Figure]:
        """Yield the numbers for gunicorn."""
        yield from (self.workers, self.threads, self.worker_connections)


def size(cores: float, limit_bytes: int | None, demand: Demand, profile: Profile) -> Sizing:
    """Derive what *demand* leaves open, for this many *cores* and bytes of memory (None: unknown).

    An explicit number is kept even if it does not fit; the warning then says so.
    """
    threads = _threads(demand)
    workers = _workers(cores, limit_bytes, demand, profile, threads.value)
    memory = _memory(demand, workers.value, threads.value)
    return Sizing(
        workers=workers,
        threads=threads,
        worker_connections=Figure(
            "worker_connections",
            threads.value + demand.max_queue,
            f"{threads.value} threads and max_queue {demand.max_queue}: while so many requests "
            "run or wait for a thread, none are accepted",
        ),
        memory=memory,
        limit_bytes=limit_bytes,
        warning=_warning(sum(part.value for part in memory), limit_bytes, demand, workers.value),
    )


def _threads(demand: Demand) -> Figure:
    if demand.threads is not None:
        return Figure("threads", demand.threads, "as set")
    if demand.ordered:
        waiting = min(demand.max_queue, WAITING_SHARE * demand.max_instances)
        why = (
            f"one for each of max_instances, and {waiting} for requests in the queue: a scheduling "
            "policy orders only requests that hold a thread"
        )
        return Figure("threads", min(demand.max_instances + waiting, MAX_THREADS), why)
    threads = min(demand.max_instances, MAX_THREADS)
    why = (
        "one for each of max_instances: threads wait for guests, and more threads would take each "
        "other's warm instances"
    )
    return Figure("threads", threads, why)


def _workers(
    cores: float, limit_bytes: int | None, demand: Demand, profile: Profile, threads: int
) -> Figure:
    if demand.workers is not None:
        return Figure("workers", demand.workers, "as set")
    wanted = min(profile.workers(cores), MAX_WORKERS)
    why = f"{cores:g} cores, profile {profile.name}: {profile.why}"
    if limit_bytes is None:
        return Figure("workers", wanted, why)
    alone = _needed(demand, 0, threads)
    each = _needed(demand, 1, threads) - alone
    fit = max(1, (limit_bytes - alone) // each)
    if fit >= wanted:
        return Figure("workers", wanted, why)
    return Figure("workers", fit, f"{wanted} for {why}; the memory limit has room for {fit}")


def _memory(demand: Demand, workers: int, threads: int) -> tuple[Figure, ...]:
    instances = demand.max_instances * demand.memory_limit_mb * MIB
    return (
        Figure("master", MASTER_BYTES, "gunicorn's master process"),
        _compiler(demand),
        Figure("base", workers * WORKER_BYTES, f"{workers} x {WORKER_BYTES // MIB} MiB a worker"),
        Figure(
            "instances",
            workers * instances,
            f"{workers} x max_instances {demand.max_instances} x memory_limit_mb "
            f"{demand.memory_limit_mb}",
        ),
        _runtime("javascript", JAVASCRIPT[demand.engine], workers, threads),
        *([_runtime("python", PYTHON[demand.engine], workers, threads)] if demand.python else ()),
        Figure("cache", demand.cache_bytes, "cache and temporary files kept in memory"),
    )


def _compiler(demand: Demand) -> Figure:
    needed = COMPILER_BYTES[demand.compiler]
    if demand.python and needed < PYTHON_COMPILER_BYTES:
        return Figure("compiler", PYTHON_COMPILER_BYTES, "compiler children that load Python")
    return Figure("compiler", needed, f"one {demand.compiler} compiler child")


def _runtime(language: str, each: RuntimeMemory, workers: int, threads: int) -> Figure:
    why = f"{workers} x {each.worker_bytes // MIB} MiB"
    if each.thread_bytes:
        why += f", and {each.thread_bytes // MIB} MiB in each of {threads} threads"
    return Figure(language, workers * (each.worker_bytes + threads * each.thread_bytes), why)


def _needed(demand: Demand, workers: int, threads: int) -> int:
    return sum(part.value for part in _memory(demand, workers, threads))


def _warning(needed: int, limit_bytes: int | None, demand: Demand, workers: int) -> str | None:
    if limit_bytes is None or needed <= limit_bytes:
        return None
    excess = needed - limit_bytes
    each = workers * demand.memory_limit_mb * MIB
    room = demand.max_instances - -(-excess // each)
    advice = (
        f"NEXUS_MAX_INSTANCES={room} would fit"
        if room >= max(1, demand.min_instances)
        else f"raise the memory limit to {_mib(needed)} MiB, or lower NEXUS_MEMORY_LIMIT_MB"
    )
    return (
        f"memory does not fit by {_mib(excess)} MiB: {workers} workers may come to need "
        f"{_mib(needed)} MiB, the limit is {limit_bytes // MIB} MiB; {advice}"
    )


def _mib(size_bytes: int) -> int:
    return -(-size_bytes // MIB)
