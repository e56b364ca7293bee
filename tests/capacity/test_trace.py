"""Traces, built in and read."""

from __future__ import annotations

import pytest

from nexus.capacity.trace import Trace, parse, with_a_spike


def test_a_rate_holds_until_the_next_line() -> None:
    trace = parse(["time (s),requests/s", "0,10", "60,20.5", "", "120,0"])
    assert [trace.rate(t) for t in (0, 59.9, 60, 119, 120, 500)] == [10, 10, 20.5, 20.5, 0, 0]
    assert (trace.duration_s, trace.peak) == (120, 20.5)


def test_the_last_line_only_ends_it() -> None:
    assert parse(["0,1", "10,99"]).peak == 1


def test_the_built_in_one_has_a_spike_of_twice_the_rate() -> None:
    trace = with_a_spike(100)
    assert (trace.duration_s, trace.peak) == (7200, 200)
    assert [trace.rate(60 * t) for t in (0, 20, 37, 50, 100)] == [25, 100, 200, 100, 25]


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ([], "found 0 lines of numbers, allowed: at least two"),
        (["seconds,rate", "0,1"], "found 1 lines"),
        (["5,1", "10,1"], "found 5 s in the first line, allowed: 0 s"),
        (["0,1", "ten,2"], "line 2: found 'ten,2', expected two numbers"),
        (["0,1", "10"], "line 2: found '10'"),
        (["a,b", "c,d"], "line 2: found 'c,d'"),
        (["0,1", "10,2", "10,3"], "times must rise"),
        (["0,1", "nan,2"], "times must rise"),
        (["0,1", "1e9,2"], "to 691200 s at most"),
        (["0,-1", "10,2"], "got -1 at 0 s"),
        (["0,1", "10,nan"], "got nan at 10 s"),
        (["0,1", "10,inf"], "got inf at 10 s"),
    ],
)
def test_what_is_wrong_is_said(lines: list[str], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        parse(lines)


def test_a_moment_before_the_start_has_the_first_rate() -> None:
    assert Trace(((0, 3), (1, 4))).rate(-5) == 3
