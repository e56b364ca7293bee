"""One of granian's threads leads; another takes over where that one waits or is slow."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import wait

import pytest

from nexus.server.granian.turns import Turns

WAIT_S = 20.0
Request = Callable[[], None]


class Granian:
    """What granian does with its threads: each takes one request after another from one queue."""

    def __init__(self, count: int) -> None:
        self.requests: queue.Queue[Request | None] = queue.Queue()
        self.turns = Turns(lambda: self.requests.put(lambda: None))
        self.threads = [threading.Thread(target=self._run, daemon=True) for _ in range(count)]
        for thread in self.threads:
            thread.start()

    def _run(self) -> None:
        while (request := self.requests.get()) is not None:
            self.turns.serve(request)

    def gather(self) -> None:
        for _ in self.threads:
            self.requests.put(lambda: None)
        deadline = threading.Event()
        while len(self.turns) < len(self.threads):
            assert not deadline.wait(0.001)
        self.turns.lead()

    def close(self) -> None:
        self.turns.close()
        for _ in self.threads:
            self.requests.put(None)
        for thread in self.threads:
            thread.join(WAIT_S)
            assert not thread.is_alive()


@pytest.fixture
def granian() -> Iterator[Granian]:
    made = Granian(4)
    made.gather()
    made.turns.looker.start()
    yield made
    made.close()


def served(granian: Granian, count: int) -> set[int]:
    """The threads that serve *count* requests, one after another."""
    threads = set()
    for _ in range(count):
        ended = threading.Event()

        def request(ended: threading.Event = ended) -> None:
            threads.add(threading.get_ident())
            ended.set()

        granian.requests.put(request)
        assert ended.wait(WAIT_S)
    return threads


def test_one_thread_serves_requests_that_follow(granian: Granian) -> None:
    assert len(served(granian, 200)) == 1


def test_another_leads_while_one_waits(granian: Granian) -> None:
    go_on, waits = threading.Event(), threading.Event()

    def request() -> None:
        granian.turns.before_wait()
        waits.set()
        assert go_on.wait(WAIT_S)

    granian.requests.put(request)
    assert waits.wait(WAIT_S)
    (leader,) = served(granian, 20)
    go_on.set()
    assert served(granian, 20) == {leader}  # the one that waited does not take over again


def test_another_leads_while_one_is_slow(granian: Granian) -> None:
    """It does not say so itself: the looker finds out."""
    go_on = threading.Event()
    granian.requests.put(lambda: go_on.wait(WAIT_S) and None)
    assert len(served(granian, 20)) == 1
    go_on.set()


def test_a_request_whose_body_is_not_read_is_dropped_at_once(granian: Granian) -> None:
    """Also where another thread leads meanwhile: this one does not wait for its turn with it."""
    go_on, waits = threading.Event(), threading.Event()
    returned = threading.Event()

    def request() -> None:
        granian.turns.before_wait()
        waits.set()
        assert go_on.wait(WAIT_S)

    def serve() -> None:
        granian.turns.serve(request, returns=True)
        returned.set()

    thread = threading.Thread(target=serve, daemon=True)
    served(granian, 1)
    thread.start()
    assert waits.wait(WAIT_S)
    served(granian, 20)
    go_on.set()
    assert returned.wait(WAIT_S)
    thread.join(WAIT_S)


def test_all_may_wait_and_then_all_is_well(granian: Granian) -> None:
    go_on = threading.Event()
    waiting = threading.Semaphore(0)

    def request() -> None:
        granian.turns.before_wait()
        waiting.release()
        assert go_on.wait(WAIT_S)

    for _ in granian.threads:
        granian.requests.put(request)
    for _ in granian.threads:
        assert waiting.acquire(timeout=WAIT_S)
    go_on.set()
    assert len(served(granian, 50)) <= 2  # one that ends meanwhile may lead for a moment


def test_tasks_run_on_all_threads_at_once(granian: Granian) -> None:
    """As `warm_threads` wants it: they wait for each other."""
    together = threading.Barrier(4)
    for _ in range(3):
        tasks = [granian.turns.submit(together.wait, WAIT_S) for _ in range(4)]
        assert not wait(tasks, WAIT_S).not_done
        assert sorted(task.result() for task in tasks) == [0, 1, 2, 3]
    assert len(served(granian, 20)) == 1


def test_an_error_ends_neither_thread_nor_turn(
    granian: Granian, caplog: pytest.LogCaptureFixture
) -> None:
    def request() -> None:
        raise SystemExit(3)

    granian.requests.put(request)
    assert len(served(granian, 20)) == 1
    assert "a request failed in the server" in caplog.text


def test_after_the_end_tasks_are_refused(granian: Granian) -> None:
    granian.turns.close()
    with pytest.raises(RuntimeError, match="ends"):
        granian.turns.submit(print)
