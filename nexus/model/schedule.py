"""Schedules: a due time, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Scheduled(NamedTuple):
    """A time at which a handler's schedule is due."""

    cron: str
    """the entry of the manifest's `schedule`"""
    due_ms: int
    """milliseconds since 1970"""


@dataclass(frozen=True, slots=True)
class ScheduledRun:
    """A due time that a worker saw to, for metrics and log."""

    handler: str
    scheduled: Scheduled
    outcome: str
    """`ok`, `failed`, `overlap` (the run before it was not over) or `missed` (no worker ran then,
    or had room)"""
    count: int = 1
    """due times; more than one only if they were missed, and then `scheduled` is the last"""
    execution_id: str = ""
    late_s: float = 0.0
    duration_s: float = 0.0
    problem: str = ""
    """why it failed"""
