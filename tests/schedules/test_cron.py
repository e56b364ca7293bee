"""Cron entries of a manifest, and their due times."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import pytest

from nexus.errors import ManifestError
from nexus.handlers.manifest import load_manifest
from nexus.schedules.cron import due_between, next_due_ms, read_entry


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp()) * 1000


@pytest.mark.parametrize(
    ("entry", "after", "due"),
    [
        ("*/5 * * * *", "2026-01-01 00:00:00", "2026-01-01 00:05:00"),
        ("*/5 * * * *", "2026-01-01 00:04:59", "2026-01-01 00:05:00"),
        ("0 3 * * mon-fri", "2026-01-02 03:00:00", "2026-01-05 03:00:00"),
        ("30 4 29 2 *", "2026-01-01 00:00:00", "2028-02-29 04:30:00"),
        ("0 0 1 1,7 *", "2026-01-01 00:00:00", "2026-07-01 00:00:00"),
        ("0 12 L * *", "2026-02-01 00:00:00", "2026-02-28 12:00:00"),
    ],
)
def test_an_entry_is_due_at_its_times_in_utc(entry: str, after: str, due: str) -> None:
    assert next_due_ms(entry, ms(after)) == ms(due)
    assert due_between(entry, ms(after), ms(due) - 1) == []
    assert due_between(entry, ms(after), ms(due)) == [ms(due)]


def test_an_entry_stays_as_it_is_written() -> None:
    assert read_entry(" 0  3 * *\tmon ") == "0 3 * * mon"


@pytest.mark.parametrize(
    ("schedule", "problem"),
    [
        ('["61 * * * *"]', "schedule[0]: found '61 * * * *' (bad minute)"),
        ('["* * * * *", "* 24 * * *"]', "schedule[1]: found '* 24 * * *' (bad hour)"),
        ('["* * 30 2 *"]', "schedule[0]: found '* * 30 2 *' (bad day-of-month)"),
        ('["@daily"]', "schedule[0]: found '@daily' (1 fields instead of five)"),
        ('["0 * * * * *"]', "schedule[0]: found '0 * * * * *' (6 fields instead of five)"),
        ('["0 0 * * ſun"]', "schedule[0]: found '0 0 * * ſun' (not ASCII"),
        ("[5]", "schedule[0]: found 5 (not a string)"),
        ('"* * * * *"', "schedule: found '* * * * *', allowed: a list of cron entries"),
        ('["* * * * *", "*  * * * *"]', "schedule: found ['* * * * *', '*  * * * *'], allowed"),
    ],
)
def test_a_wrong_entry_is_named(tmp_path: Path, schedule: str, problem: str) -> None:
    (tmp_path / "a.toml").write_text(f"schedule = {schedule}\n")
    with pytest.raises(ManifestError) as raised:
        load_manifest(tmp_path / "a.toml", "a")
    assert str(raised.value).startswith(f"a.toml: {problem}")
    assert "in UTC" in str(raised.value)
