"""Due times are seen to once, however many workers share a store."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nexus.errors import GuestTrap, Overloaded, ShuttingDown
from nexus.model import Compiled, Handler, HttpRequest, HttpResponse, ModuleInfo, ScheduledRun
from nexus.plugin_api.stores import StoreUnavailable
from nexus.schedules import Ledger, Schedules
from nexus.schedules.entry import Due, Entry
from nexus.stores.sqlite import SqliteStore

MINUTE = 60_000
NOON = 1_800_000_000_000 // MINUTE * MINUTE
CRON = "* * * * *"
INFO = ModuleInfo((), (), 1, 1, True, (), None, False, 1, 100, 8)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    made = SqliteStore(tmp_path / "kv.sqlite")
    yield made
    made.close()


def handler(*schedule: str) -> Handler:
    return Handler("h", "/h", Compiled("key", b"", INFO, "test"), schedule=schedule or (CRON,))


# ---- one look


def test_a_new_schedule_waits_for_its_next_due_time(store: SqliteStore) -> None:
    entry = Entry(handler(), CRON)
    assert entry.look(Ledger(store), NOON + 1000) is None
    assert entry.next_ms == NOON + MINUTE
    assert entry.look(Ledger(store), NOON + MINUTE) == Due(NOON + MINUTE)
    assert entry.next_ms == NOON + 2 * MINUTE


def test_one_of_several_workers_takes_a_due_time(store: SqliteStore) -> None:
    entries = [Entry(handler(), CRON) for _ in range(3)]
    for entry in entries:
        entry.look(Ledger(store), NOON)
    found = [
        entry.look(Ledger(store), NOON + MINUTE + skew) for skew in (5, 0, 900) for entry in entries
    ]
    assert [due for due in found if due] == [Due(NOON + MINUTE)]
    assert {entry.next_ms for entry in entries} == {NOON + 2 * MINUTE}


@pytest.mark.parametrize(
    ("later_ms", "due"),
    [
        (2 * MINUTE + 1000, Due(NOON + 2 * MINUTE, 1, NOON + MINUTE)),
        (30 * 24 * 60 * MINUTE, Due(NOON + 30 * 24 * 60 * MINUTE, 11_519, NOON + 43_199 * MINUTE)),
    ],
)
def test_what_nobody_ran_is_missed_but_the_last(
    store: SqliteStore, later_ms: int, due: Due
) -> None:
    Entry(handler(), CRON).look(Ledger(store), NOON)
    assert Entry(handler(), CRON).look(Ledger(store), NOON + later_ms) == due


def test_a_due_time_more_than_a_minute_ago_is_missed(store: SqliteStore) -> None:
    hourly = "0 * * * *"
    Entry(handler(), hourly).look(Ledger(store), NOON - 3_600_000)
    first = -(NOON // 1000) % 3600 * 1000 + NOON
    entry = Entry(handler(), hourly)
    assert entry.look(Ledger(store), first + MINUTE + 1) == Due(None, 1, first)
    assert entry.look(Ledger(store), first + MINUTE + 2) is None


def test_a_clock_that_is_set_back_repeats_nothing(store: SqliteStore) -> None:
    entry = Entry(handler(), CRON)
    entry.look(Ledger(store), NOON)
    entry.look(Ledger(store), NOON + 10 * MINUTE)
    assert entry.look(Ledger(store), NOON + 5 * MINUTE) is None
    assert entry.next_ms == NOON + 11 * MINUTE


# ---- the thread


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


def make_due(store: SqliteStore, cron: str = CRON) -> None:
    """Let *cron*, which is due every minute, be due now."""
    ledger = Ledger(store)
    key = f"h {cron}"
    assert ledger.advance(key, ledger.last(key), int(time.time() * 1000) - 61_000)


def test_the_handler_learns_entry_and_due_time(store: SqliteStore, worker: Worker) -> None:
    make_due(store)
    worker.schedules.serve([handler()])
    ended = worker.ended.get(timeout=20)
    if ended.outcome == "missed":  # 61 s may hold two due times
        ended = worker.ended.get(timeout=20)
    assert (ended.handler, ended.outcome, ended.execution_id) == ("h", "ok", "x-1")
    request = worker.runs.asked.get_nowait()
    assert request.scheduled == ended.scheduled
    assert request.scheduled is not None
    assert request.scheduled.cron == CRON
    assert request.scheduled.due_ms % MINUTE == 0
    assert 0 <= ended.late_s <= 61


def test_workers_that_start_at_once_run_it_once(store: SqliteStore) -> None:
    entries = [CRON, "*/1 * * * *", "0-59 * * * *"]
    for cron in entries:
        make_due(store, cron)
    workers = [Worker(store) for _ in range(4)]
    for one in workers:
        one.schedules.serve([handler(*entries)])
    ended: list[ScheduledRun] = []
    while sum(run.outcome != "missed" for run in ended) < 3:
        ended += [one.ended.get_nowait() for one in workers if not one.ended.empty()]
    for one in workers:
        one.close()
        ended += [one.ended.get_nowait() for _ in range(one.ended.qsize())]
    assert sorted(r.scheduled.cron for r in ended if r.outcome == "ok") == sorted(entries)


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
    make_due(store)
    worker.schedules.serve([handler()])
    while (ended := worker.ended.get(timeout=20)).outcome == "missed":
        pass
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
    make_due(store)
    worker.schedules.serve([handler()])
    while (ended := worker.ended.get(timeout=20)).outcome == "missed":
        pass
    assert (ended.outcome, len(tried)) == ("ok", 2)


def test_runs_of_a_schedule_do_not_overlap(store: SqliteStore, worker: Worker) -> None:
    go_on = threading.Event()

    def answer() -> HttpResponse:
        assert go_on.wait(20)
        return HttpResponse(204, [], b"")

    worker.runs.answer = answer
    make_due(store)
    worker.schedules.serve([handler()])
    worker.runs.asked.get(timeout=20)
    other = Worker(store)
    make_due(store)
    other.schedules.serve([handler()])
    while (found := other.ended.get(timeout=20)).outcome == "missed":
        pass
    assert found.outcome == "overlap"
    go_on.set()
    worker.close()
    other.close()
    third = Worker(store)
    make_due(store)
    third.schedules.serve([handler()])
    while (found := third.ended.get(timeout=20)).outcome == "missed":
        pass
    assert found.outcome == "ok"
    third.close()


def test_a_store_that_fails_is_asked_again(
    store: SqliteStore, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_due(store)
    get, failed = store.get, threading.Event()

    def fail_once(namespace: str, key: str, timeout_s: float) -> bytes | None:
        if not failed.is_set():
            failed.set()
            raise StoreUnavailable("away")
        return get(namespace, key, timeout_s)

    monkeypatch.setattr(store, "get", fail_once)
    worker.schedules.serve([handler()])
    while (ended := worker.ended.get(timeout=20)).outcome == "missed":
        pass
    assert ended.outcome == "ok"
    assert failed.is_set()


def test_a_worker_without_threads_gives_the_lease_back(
    store: SqliteStore, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(key: str, job: Callable[[], None]) -> None:
        raise ShuttingDown("no thread")

    made = Schedules(Ledger(store), worker.runs, refuse, worker.ended.put)
    make_due(store)
    made.serve([handler()])
    assert worker.ended.get(timeout=20).outcome == "missed"
    made.close(20.0)
    make_due(store)
    worker.schedules.serve([handler()])
    while worker.ended.get(timeout=20).outcome != "ok":
        pass


def test_no_schedule_no_thread(store: SqliteStore, worker: Worker) -> None:
    worker.schedules.serve([Handler("p", "/p", handler().compiled)])
    assert worker.schedules._thread is None
    worker.schedules.close(20.0)
    worker.schedules.serve([handler()])  # closed: it begins nothing
    assert worker.schedules._thread is None
