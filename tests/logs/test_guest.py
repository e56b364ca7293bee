"""What guests write to stderr, as lines that a log can take."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus.logs import guest_lines, guest_records, split_level


def test_guest_lines() -> None:
    raw = b"one\r\n\n  \n\x00\ntwo\tx\x1b[31m\x00\x7f\xff\nthr\xc2\x85ee\n"
    assert guest_lines(raw) == ["one", "two x[31m\ufffd", "thr", "ee"]
    assert guest_lines(b"") == []


def test_long_guest_lines_are_cut() -> None:
    assert guest_lines(b"x" * 4096) == ["x" * 4096]
    assert guest_lines(b"x" * 4097) == ["x" * 4095 + "…"]


def test_many_guest_lines_are_counted() -> None:
    assert guest_lines(b"x\n" * 200) == ["x"] * 200
    assert guest_lines(b"x\n" * 1000) == ["x"] * 200 + ["… 800 more lines"]


@given(st.binary(max_size=300))
def test_guest_lines_never_hold_control_characters(raw) -> None:
    for line in guest_lines(raw):
        assert not any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 for c in line)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("<3>bad", (logging.ERROR, "bad")),
        ("<4>odd", (logging.WARNING, "odd")),
        ("<7>fine", (logging.DEBUG, "fine")),
        ("plain", (logging.INFO, "plain")),
        ("<9>plain", (logging.INFO, "<9>plain")),
    ],
)
def test_a_guests_line_may_have_a_level(line: str, expected: tuple[int, str]) -> None:
    assert split_level(line) == expected


def test_a_stack_is_one_record() -> None:
    raw = (
        b"<3>Uncaught Error: x\n<+>    at f (a.js:1:2)\n<+>    at g\n<4>odd\n<+>still odd\nplain\n"
    )
    assert guest_records(raw) == [
        (logging.ERROR, "Uncaught Error: x\n    at f (a.js:1:2)\n    at g"),
        (logging.WARNING, "odd\nstill odd"),
        (logging.INFO, "plain"),
    ]


def test_nothing_continues_what_is_not_there() -> None:
    assert guest_records(b"<+>alone\n") == [(logging.INFO, "<+>alone")]
    assert guest_records(b"") == []
