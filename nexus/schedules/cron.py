"""The manifest's `schedule`: cron entries, and when they are due."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from functools import lru_cache
from itertools import takewhile
from typing import Final

from cronsim import CronSim, CronSimError

ALLOWED: Final = (
    "a list of cron entries of five fields (minute, hour, day of the month, month, day of the "
    'week) in UTC, each once, such as "*/5 * * * *"'
)
_SHORT: Final = 100
"""characters; a longer entry is a mistake"""


def read_entry(text: str) -> str:
    """Return the cron entry *text*, with one space between its fields.

    Raises: ValueError, naming the wrong field.
    """
    fields = text.split()
    if len(fields) != 5:
        raise ValueError(f"{len(fields)} fields instead of five")
    entry = " ".join(fields)
    if len(entry) > _SHORT or not entry.isascii():
        raise ValueError(f"not ASCII, or more than {_SHORT} characters")
    try:
        next(CronSim(entry, datetime.now(timezone.utc)))
    except CronSimError as error:
        raise ValueError(str(error).lower()) from error
    except StopIteration as error:
        raise ValueError("it is never due") from error
    return entry


def due_after(entry: str, after_ms: int) -> Iterator[int]:
    """Return the due times of *entry* after *after_ms*, in order, in milliseconds since 1970."""
    after = datetime.fromtimestamp(after_ms // 1000, timezone.utc)
    for due in CronSim(entry, after):
        yield int(due.timestamp()) * 1000


@lru_cache(maxsize=1024)
def next_due_ms(entry: str, after_ms: int) -> int:
    """Return the first due time of *entry* after *after_ms*."""
    return next(due_after(entry, after_ms))


def due_between(entry: str, after_ms: int, until_ms: int) -> list[int]:
    """Return the due times of *entry* after *after_ms*, and none after *until_ms*."""
    return list(takewhile(lambda due_ms: due_ms <= until_ms, due_after(entry, after_ms)))
