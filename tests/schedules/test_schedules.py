"""The thread that waits for due times, and has handlers called at them."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timezone

import pytest

from nexus.errors import GuestTrap, Overloaded, ShuttingDown
from nexus.model import Handler, HttpRequest, HttpResponse, ScheduledRun
from nexus.plugin_api.stores import StoreUnavailable
from nexus.schedules import Ledger, Schedules, entry
from nexus.stores.sqlite import SqliteStore
from tests.schedules.conftest import MINUTE, handler


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine starts no run too late."""
    monkeypatch.setattr(entry, "LATE_MS", 30 * MINUTE)


class Run:
    execution_id = "x-1"


class Runs:
    """Stands in for the dispatcher: keeps requests, answers as told."""

    def __init__(self) -> None:
        self.asked: queue.Queue[HttpRequest] = queue.Queue()
        self.answer: Callable[[], HttpResponse] = lambda: HttpResponse(204, [], b"")

    def new_run(self, handler: Handler, began: float) -> Run:
        return Run()

    def run(self, handler: Handler, task: HttpRequest, run: Run) -> HttpResponse:
        self.asked.put(task)
        return self.answer()


class Worker:
    """One worker's schedules; what became of due times comes into `ended`."""

    def __init__(self, store: SqliteStore) -> None:
        self.runs, self.threads = Runs(), list[threading.Thread]()
        self.ended: queue.Queue[ScheduledRun] = queue.Queue()
        self.schedules = Schedules(Ledger(store), self.runs, self.submit, self.ended.put)

    def submit(self, key: str, job: Callable[[], None]) -> None:
        assert key == "key"
        self.threads.append(threading.Thread(target=job))
        self.threads[-1].start()

    def close(self) -> None:
        self.schedules.close(20.0)
        for thread in self.threads:
            thread.join()


@pytest.fixture
def worker(store: SqliteStore) -> Iterator[Worker]:
    made = Worker(store)
    yield made
    made.close()


def make_due(store: SqliteStore, weekday: str = "*") -> str:
    """Return an entry that is due now, and not again today."""
    now = datetime.now(timezone.utc)
    cron = f"{now.minute} {now.hour} * * {weekday}"
    make_due_again(store, cron)
    return cron


def make_due_again(store: SqliteStore, cron: str) -> None:
    ledger, key = Ledger(store), f"h {cron}"
    assert ledger.advance(key, ledger.last(key), int(time.time() * 1000) - 30 * MINUTE)


def outcome_elsewhere(store: SqliteStore, cron: str) -> str:
    """Make *cron* due again, and return what becomes of that in another worker."""
    other = Worker(store)
    make_due_again(store, cron)
    other.schedules.serve([handler(cron)])
    found = other.ended.get(timeout=20)
    other.close()
    return found.outcome


def test_the_handler_learns_entry_and_due_time(store: SqliteStore, worker: Worker) -> None:
    cron = make_due(store)
    worker.schedules.serve([handler(cron)])
    ended = worker.ended.get(timeout=20)
    assert (ended.handler, ended.outcome, ended.execution_id) == ("h", "ok", "x-1")
    request = worker.runs.asked.get_nowait()
    assert request.scheduled == ended.scheduled
    assert request.scheduled is not None
    assert request.scheduled.cron == cron
    assert request.scheduled.due_ms % MINUTE == 0
    assert 0 <= ended.late_s <= 30 * 60


def test_workers_that_start_at_once_run_it_once(store: SqliteStore) -> None:
    entries = [make_due(store, weekday) for weekday in ("*", "*/1", "0-6")]
    workers = [Worker(store) for _ in range(4)]
    for one in workers:
        one.schedules.serve([handler(*entries)])
    ended: list[ScheduledRun] = []
    while len(ended) < 3:
        ended += [one.ended.get_nowait() for one in workers if not one.ended.empty()]
    for one in workers:
        one.close()
        ended += [one.ended.get_nowait() for _ in range(one.ended.qsize())]
    assert sorted(run.scheduled.cron for run in ended) == sorted(entries)


@pytest.mark.parametrize(
    ("status", "error", "problem"),
    [(500, None, "status 500"), (200, GuestTrap("trap"), "trap")],
)
def test_a_run_that_fails_is_reported(
    store: SqliteStore, worker: Worker, status: int, error: GuestTrap | None, problem: str
) -> None:
    def answer() -> HttpResponse:
        if error is not None:
            raise error
        return HttpResponse(status, [], b"")

    worker.runs.answer = answer
    cron = make_due(store)
    worker.schedules.serve([handler(cron)])
    ended = worker.ended.get(timeout=20)
    assert ended.outcome == "failed"
    assert problem in ended.problem


def test_a_full_queue_is_tried_again(store: SqliteStore, worker: Worker) -> None:
    tried: list[int] = []

    def answer() -> HttpResponse:
        tried.append(1)
        if len(tried) == 1:
            raise Overloaded("full")
        return HttpResponse(204, [], b"")

    worker.runs.answer = answer
    cron = make_due(store)
    worker.schedules.serve([handler(cron)])
    ended = worker.ended.get(timeout=20)
    assert (ended.outcome, len(tried)) == ("ok", 2)


def test_runs_of_a_schedule_do_not_overlap(store: SqliteStore, worker: Worker) -> None:
    go_on = threading.Event()

    def answer() -> HttpResponse:
        assert go_on.wait(20)
        return HttpResponse(204, [], b"")

    worker.runs.answer = answer
    cron = make_due(store)
    worker.schedules.serve([handler(cron)])
    worker.runs.asked.get(timeout=20)
    assert outcome_elsewhere(store, cron) == "overlap"
    go_on.set()
    worker.close()
    assert outcome_elsewhere(store, cron) == "ok"


def test_a_store_that_fails_is_asked_again(
    store: SqliteStore, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    cron = make_due(store)
    get, failed = store.get, threading.Event()

    def fail_once(namespace: str, key: str, timeout_s: float) -> bytes | None:
        if not failed.is_set():
            failed.set()
            raise StoreUnavailable("away")
        return get(namespace, key, timeout_s)

    monkeypatch.setattr(store, "get", fail_once)
    worker.schedules.serve([handler(cron)])
    ended = worker.ended.get(timeout=20)
    assert ended.outcome == "ok"
    assert failed.is_set()


def test_a_worker_without_threads_gives_the_lease_back(
    store: SqliteStore, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(key: str, job: Callable[[], None]) -> None:
        raise ShuttingDown("no thread")

    made = Schedules(Ledger(store), worker.runs, refuse, worker.ended.put)
    cron = make_due(store)
    made.serve([handler(cron)])
    assert worker.ended.get(timeout=20).outcome == "missed"
    made.close(20.0)
    make_due_again(store, cron)
    worker.schedules.serve([handler(cron)])
    assert worker.ended.get(timeout=20).outcome == "ok"


def test_no_schedule_no_thread(store: SqliteStore, worker: Worker) -> None:
    worker.schedules.serve([handler()])
    assert worker.schedules._thread is None
    worker.schedules.close(20.0)
    worker.schedules.serve([handler("* * * * *")])  # closed: it begins nothing
    assert worker.schedules._thread is None
