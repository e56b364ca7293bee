"""Makes idle instances on the threads that will serve: an instance never leaves its thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, wait
from typing import NamedTuple

from nexus.model import Handler

START_TIMEOUT_S = 30.0


class WarmedThreads(NamedTuple):
    """The threads that will run requests."""

    executor: Executor
    number: int
    """how many the executor has, as the server started them; the setting may say otherwise"""


def spread(handlers: Sequence[Handler], threads: int, instances: int) -> list[Handler]:
    """Return the jobs for `warm_threads` that make this many instances. No thread gets a handler
    twice, since a thread uses one instance at a time."""
    most = min(instances, threads * len(handlers))
    return [handlers[(n % threads + n // threads) % len(handlers)] for n in range(most)]


def warm_threads(
    threads: WarmedThreads, jobs: Sequence[Handler], warm: Callable[[Handler], None]
) -> None:
    """Start all *threads* and let thread n do the jobs n, n + their number, …

    Return when all jobs are done, or when the executor was shut down. A thread pool starts
    threads only for work that no idle thread can take, so the tasks wait for each other until
    every thread has one.
    """
    together = threading.Barrier(threads.number)

    def task(number: int) -> None:
        try:
            together.wait(START_TIMEOUT_S)
        except threading.BrokenBarrierError:
            return  # a thread did not start: requests will warm the others
        for handler in jobs[number :: threads.number]:
            warm(handler)

    try:
        started = [threads.executor.submit(task, number) for number in range(threads.number)]
    except RuntimeError:  # shut down: the worker was stopped while it started
        together.abort()  # else tasks that have started block the process's end
        return
    wait(started)
