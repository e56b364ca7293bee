"""Warming on the threads that will serve."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from nexus.model import Handler
from nexus.pool import WarmedThreads, spread, warm_threads
from nexus.pool.warming import START_TIMEOUT_S
from tests import support


def handlers(*names: str) -> list[Handler]:
    made_by = support.engine(*support.QUICK_ENGINES[0])
    return [support.handler(support.build(made_by, "(module)"), name=name) for name in names]


def test_every_thread_does_its_jobs() -> None:
    done: list[tuple[int, str]] = []
    jobs = spread(handlers("a", "b"), 4, 100)
    assert len(jobs) == 8
    with ThreadPoolExecutor(4) as executor:
        warm_threads(
            WarmedThreads(executor, 4), jobs, lambda h: done.append((threading.get_ident(), h.name))
        )
    assert len({thread for thread, _ in done}) == 4
    assert len(set(done)) == 8  # no thread got two of one handler


def test_an_executor_that_is_shut_down_meanwhile_keeps_nobody_waiting() -> None:
    """As when a worker is told to end while it begins: its threads waited for each other."""

    class Ending(ThreadPoolExecutor):
        begun = 0

        def submit(self, *args: Callable[..., Any], **kwargs: Any) -> Future[Any]:  # type: ignore[override]
            if self.begun == 2:
                self.shutdown(wait=False)
            self.begun += 1
            return super().submit(*args, **kwargs)

    executor = Ending(4)
    began = time.monotonic()
    warm_threads(WarmedThreads(executor, 4), handlers("a") * 4, lambda _: None)
    executor.shutdown(wait=True)
    assert time.monotonic() - began < START_TIMEOUT_S / 2
    assert executor.begun == 3
