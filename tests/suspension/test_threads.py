"""Threads for guests that may be suspended: their stacks follow the setting."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from prometheus_client import CollectorRegistry

from nexus.run.native_stack import EXTENSION_BYTES, RESERVE_BYTES, room_bytes
from nexus.suspension.threads import RunThreads
from tests.http.conftest import make_service

KIB = 1 << 10


class Seen(NamedTuple):
    """A job's thread, and the room for guests on its stack."""

    thread: int
    room_bytes: int


class Asked:
    """Runs jobs and says on which threads; some wait until they may end."""

    def __init__(self, threads: RunThreads) -> None:
        self.threads = threads

    def job(self, key: str = "k") -> Seen:
        ended = self.begin(key)
        return ended()

    def begin(self, key: str = "k") -> Callable[[], Seen]:
        """Begin a job, which ends when the returned function is called."""
        seen: queue.SimpleQueue[Seen] = queue.SimpleQueue()
        goes_on = threading.Event()

        def work() -> None:
            goes_on.wait(10)
            seen.put(Seen(threading.get_ident(), room_bytes()))

        self.threads.submit(key, work)

        def end() -> Seen:
            goes_on.set()
            return seen.get(timeout=10)

        return end


@pytest.fixture
def asked() -> Iterator[Asked]:
    made = Asked(RunThreads(512 * KIB, lambda: None))
    yield made
    made.threads.close(10)


def idle(asked: Asked) -> bool:
    return bool(asked.threads._idle)


def wait(holds: Callable[[], bool]) -> None:
    done = threading.Event()
    for _ in range(1000):
        if holds():
            return
        done.wait(0.01)
    raise AssertionError("it did not come true")


def sizes(threads: RunThreads) -> list[int]:
    """The stacks asked for: the C library may reuse a larger one of a thread that has ended."""
    return sorted(one.stack_bytes for one in threads._all)


def test_new_threads_have_the_new_size(asked: Asked) -> None:
    first = asked.begin()
    asked.threads.resize_stacks(1024 * KIB)
    second = asked.begin()
    assert sizes(asked.threads) == [512 * KIB, 1024 * KIB]
    assert first().room_bytes >= 512 * KIB - RESERVE_BYTES
    assert second().room_bytes >= 1024 * KIB - RESERVE_BYTES


def test_an_idle_thread_that_is_too_small_is_not_used_again(asked: Asked) -> None:
    before = asked.job()
    wait(lambda: idle(asked))
    asked.threads.resize_stacks(1024 * KIB)
    assert not idle(asked)
    assert asked.job().room_bytes >= 1024 * KIB - RESERVE_BYTES
    wait(lambda: sizes(asked.threads) == [1024 * KIB])
    assert before.room_bytes >= 512 * KIB - RESERVE_BYTES


def test_nor_is_one_that_was_busy_then(asked: Asked) -> None:
    busy = asked.begin()
    asked.threads.resize_stacks(1024 * KIB)
    busy()
    wait(lambda: asked.threads.count() == 0)


def test_a_larger_one_is_used_again(asked: Asked) -> None:
    before = asked.job()
    wait(lambda: idle(asked))
    asked.threads.resize_stacks(256 * KIB)
    assert asked.job() == before


def test_they_follow_the_live_setting(tmp_path: Path) -> None:
    service = make_service(tmp_path, CollectorRegistry(), NEXUS_MAX_STACK_KB="64")
    service.start_with(tmp_path)
    threads = service.suspensions._threads
    ends = []
    try:
        for kib in (64, 1024):
            service.apply(service.settings.model_copy(update={"max_stack_kb": kib}))
            ends.append(Asked(threads).begin())
        more = RESERVE_BYTES + EXTENSION_BYTES
        assert sizes(threads) == [64 * KIB + more, 1024 * KIB + more]
    finally:
        for end in ends:
            end()
        service.stop(grace_s=5.0)
