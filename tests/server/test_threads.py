"""How many connections wait for a thread, and whether one is free."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from nexus.server.threads import Threads

WAIT_S = 20.0


class Pool:
    """Threads that are kept busy until a test lets go."""

    def __init__(self) -> None:
        self.pool = ThreadPoolExecutor(2)
        self.has_room = threading.Semaphore(0)
        self.threads = Threads(self.pool, 2, 2, self.has_room.release)
        self.go_on = threading.Event()
        self.begun = threading.Semaphore(0)

    def hold(self) -> None:
        self.begun.release()
        assert self.go_on.wait(WAIT_S)


@pytest.fixture
def busy() -> Iterator[Pool]:
    """Both threads are at work."""
    found = Pool()
    for _ in range(2):
        assert found.threads.run(found.hold)
        assert found.begun.acquire(timeout=WAIT_S)
    yield found
    found.go_on.set()
    found.pool.shutdown()


def test_a_thread_is_wanted_where_all_are_busy(busy: Pool) -> None:
    assert not busy.threads.wanted(), "nobody waits"
    assert busy.threads.serve("h", busy.hold)
    assert busy.threads.wanted()
    busy.go_on.set()
    assert busy.begun.acquire(timeout=WAIT_S)
    assert not busy.threads.wanted()


def test_room_is_reported_once_the_queue_is_not_full(busy: Pool) -> None:
    assert not busy.threads.queue_is_full()
    for _ in range(2):
        assert busy.threads.serve("h", busy.hold)
    assert busy.threads.queue_is_full()
    assert not busy.has_room.acquire(blocking=False)
    busy.go_on.set()
    assert busy.has_room.acquire(timeout=WAIT_S)
    assert not busy.threads.queue_is_full()


def test_no_thread_runs_anything_in_a_pool_that_ended() -> None:
    pool = Pool()
    pool.pool.shutdown()
    assert not pool.threads.serve("h", pool.hold)
    assert not pool.threads.run(pool.hold)
    assert not pool.threads.queue_is_full()


def test_what_fails_is_logged(busy: Pool, caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise RuntimeError("a fault of ours")

    assert busy.threads.serve("h", fail)
    busy.go_on.set()
    busy.pool.shutdown()
    assert caplog.messages == ["a thread failed with a connection"]


def test_a_spare_thread_works_while_one_waits(busy: Pool) -> None:
    done = threading.Semaphore(0)
    assert busy.threads.serve("h", done.release)
    assert not done.acquire(blocking=False)
    assert busy.threads.wanted()
    busy.threads.wait_begins()  # one of the two at work
    assert done.acquire(timeout=WAIT_S)
    assert not busy.threads.wanted()
    assert busy.threads.run(done.release)
    assert done.acquire(timeout=WAIT_S)
    busy.threads.wait_ends()


def test_as_many_spare_threads_work_as_others_wait(busy: Pool) -> None:
    busy.threads.wait_begins()
    for _ in range(3):
        assert busy.threads.serve("h", busy.hold)
    assert busy.begun.acquire(timeout=WAIT_S)
    assert not busy.begun.acquire(timeout=0.05), "one waits, and one works instead"
    busy.threads.wait_begins()
    assert busy.begun.acquire(timeout=WAIT_S)
    assert not busy.begun.acquire(timeout=0.05)


def test_a_spare_thread_may_wait_itself(busy: Pool) -> None:
    for _ in range(10):
        busy.threads.wait_begins()
        assert busy.threads.serve("h", busy.hold)
        assert busy.begun.acquire(timeout=WAIT_S)


def test_spare_threads_stop_once_nothing_waits(busy: Pool) -> None:
    busy.threads.wait_begins()
    assert busy.threads.run(lambda: busy.threads.wait_ends())
    done = threading.Semaphore(0)
    for _ in range(5):
        assert busy.threads.run(done.release)
    assert not done.acquire(timeout=0.05)
    busy.go_on.set()
    for _ in range(5):
        assert done.acquire(timeout=WAIT_S)


def test_handlers_take_turns(busy: Pool) -> None:
    order: list[str] = []
    for name in ("slow", "slow", "slow", "quick", "quick"):
        assert busy.threads.serve(name, partial(order.append, name))
    busy.threads.wait_begins()
    done = threading.Event()
    assert busy.threads.run(done.set)
    assert done.wait(WAIT_S)
    assert order[:4] == ["slow", "quick", "slow", "quick"]


def test_a_task_that_came_too_late_is_taken_back(busy: Pool) -> None:
    busy.pool.shutdown(wait=False)
    assert not busy.threads.serve("h", busy.hold)
    busy.threads.wait_begins()
    assert not busy.begun.acquire(timeout=0.05), "no spare thread finds it"
