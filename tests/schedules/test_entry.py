"""One look at a schedule: a due time is seen to once, however many workers share a store."""

from __future__ import annotations

import pytest

from nexus.schedules import Ledger
from nexus.schedules.entry import Due, Entry
from nexus.stores.sqlite import SqliteStore
from tests.schedules.conftest import MINUTE, handler

NOON = 1_800_000_000_000 // MINUTE * MINUTE
CRON = "* * * * *"


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
