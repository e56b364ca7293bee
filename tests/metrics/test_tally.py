"""Sums between two flushes."""

from __future__ import annotations

from nexus.errors import GuestTrap, Overloaded
from nexus.metrics.tally import Tally
from nexus.model import Usage


def usage(**fields: float) -> Usage:
    made = Usage()
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def test_each_handler_has_its_own_sums() -> None:
    tally = Tally()
    assert tally.handler("a") is tally.handler("a")
    assert tally.handler("a") is not tally.handler("b")


def test_what_runs_used_adds_up_and_the_peak_is_the_highest() -> None:
    found = Tally().handler("a")
    for peak in (2, 5, 3):
        found.add(
            usage(
                duration_s=0.5,
                cpu_s=0.25,
                throttled_s=0.125,
                instructions=100,
                memory_peak_bytes=peak,
            )
        )
    assert (found.seconds.total, found.cpu_s, found.throttled_s) == (1.5, 0.75, 0.375)
    assert (found.instructions, found.memory_peak_bytes) == (300, 5)


def test_statuses_and_labels_are_counted() -> None:
    tally = Tally()
    for status in ("ok", "trap", "ok"):
        tally.handler("a").count(status)
    assert tally.handler("a").statuses == {"ok": 2, "trap": 1}
    tally.add(tally.host_calls, "fd_write", 3)
    tally.add(tally.host_calls, "fd_write")
    assert tally.host_calls == {"fd_write": 4}


def test_errors_are_counted_by_code_and_those_that_say_not_now_by_reason_too() -> None:
    tally = Tally()
    for error in (GuestTrap("x"), Overloaded("x"), Overloaded("x")):
        tally.count_error(error)
    assert tally.errors == {"EXECUTION_ERROR": 1, "OVERLOADED": 2}
    assert tally.rejected == {"overloaded": 2}
