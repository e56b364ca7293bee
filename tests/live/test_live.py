"""What happens now: the last records, requests and failures, of one worker and of several."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from nexus.errors import GuestTrap, InternalError, InvalidArgument
from nexus.live import Cursor, Live
from nexus.live.failures import Failures
from nexus.live.live import MOST_READ
from nexus.live.records import MOST_CHARACTERS
from nexus.logs import AccessLog
from nexus.model import PoolCounts
from tests.logs.test_access import request

COUNTS = PoolCounts(active=1, available=2, suspended=3, waiting=4, created=5, limit=6)
log = logging.getLogger("nexus.test")


class Worker(Live):
    """One worker's part, under a name of its own: the tests have one process."""

    def __init__(self, name: str) -> None:
        self.access_log = AccessLog("json", io.StringIO())
        self.failed = Failures()
        super().__init__(self.access_log, self.failed, lambda: COUNTS)
        self.worker = name


@pytest.fixture(autouse=True)
def level(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)


@pytest.fixture
def live() -> Iterator[Worker]:
    made = Worker("1")
    yield made
    made.close(1.0)


def messages(live: Live, after: Cursor | None = None, **wanted: str) -> list[str]:
    return [record["message"] for record in live.read(after or Cursor(), **wanted)[0]]


def test_a_reader_reads_on(live: Worker) -> None:
    log.info("first")
    found, cursor = live.read(Cursor())
    assert [record["message"] for record in found] == ["first"]
    assert found[0]["worker"] == "1"
    log.info("second")
    assert messages(live, Cursor.parse(str(cursor))) == ["second"]


def test_only_one_handler_and_only_from_a_level_on(live: Worker) -> None:
    for name in ("a", "b"):
        log.info("of %s", name, extra={"fields": {"handler": name}})
        log.error("bad %s", name, extra={"fields": {"handler": name}})
    assert messages(live, handler="a") == ["of a", "bad a"]
    assert messages(live, level="error") == ["bad a", "bad b"]
    _, cursor = live.read(Cursor(), handler="a")
    assert messages(live, cursor) == []  # what was left out counts as read


def test_requests_are_kept_only_while_somebody_reads(live: Worker) -> None:
    live.access_log.write(**request())
    assert live.access_log.observer is None
    assert messages(live) == []
    live.access_log.write(**request())
    (found,) = live.read(Cursor())[0]
    assert found["message"] == "GET /hello 200"
    assert (found["status"], found["outcome"], found["duration_ms"]) == (200, "ok", 1.25)


def test_nobody_has_read_for_a_while(live: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    live.read(Cursor())
    monkeypatch.setattr("nexus.live.records.time.monotonic", lambda: float("inf"))
    live.access_log.write(**request())
    assert live.access_log.observer is None


def test_long_ones_are_cut_and_answers_bounded(live: Worker) -> None:
    log.info("x" * (MOST_CHARACTERS + 1))
    assert messages(live) == ["x" * MOST_CHARACTERS + "…"]
    for number in range(MOST_READ + 1):
        log.info("%d", number)
    assert messages(live)[-1] == str(MOST_READ)
    assert len(messages(live)) == MOST_READ


def test_after_the_end_nothing_is_kept(live: Worker) -> None:
    live.close(1.0)
    log.info("too late")
    assert messages(live) == []


def test_several_workers_answer_as_one(tmp_path: Path) -> None:
    workers = [Worker(name) for name in ("1", "2")]
    for worker in workers:
        worker.start(tmp_path)
    first, second = workers
    second.access_log.observer = None
    assert messages(first) == []
    assert second.access_log.observer is not None  # the other's reader counts
    second.access_log.write(**request(path="/there"))
    second.failed.add("there", "x-1", GuestTrap("unreachable"))
    found, cursor = first.read(Cursor())
    assert [(entry["worker"], entry["path"]) for entry in found] == [("2", "/there")]
    assert first.read(cursor)[0] == []
    assert [entry["handler"] for entry in first.failures()] == ["there"]
    assert first.pools().keys() == {"1", "2"}
    assert first.pools()["2"]["waiting"] == 4
    second.close(1.0)
    assert first.pools().keys() == {"1"}
    first.close(1.0)


def test_the_last_failures_of_a_handler(live: Worker) -> None:
    error = GuestTrap("boom")
    error.stack = "at fetch (a.js:1:2)"
    live.failed.add("a", "x-1", GuestTrap("older"))
    live.failed.add("a", "x-2", error)
    live.failed.add("b", "x-3", InternalError("a secret of the host"))
    found = live.failures("a")
    assert [entry["message"] for entry in found] == ["boom", "older"]
    assert found[0]["stack"] == error.stack
    live.failed.add("b", "x-4", GuestTrap("no hunter2222"), ["hunter2222"])
    assert "secret" not in str(live.failures())
    assert "hunter2222" not in str(live.failures())


@pytest.mark.parametrize("text", ["x", "1:", "1:2,", "1:2;3:4", "A:1", "1:2" + ",1:2" * 2000])
def test_another_text_is_no_cursor(text: str) -> None:
    with pytest.raises(InvalidArgument, match="after: found"):
        Cursor.parse(text)
