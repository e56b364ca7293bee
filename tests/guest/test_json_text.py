"""JSON from strangers."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nexus.guest.json_text import MAX_DEPTH, parse_json, to_json

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
)


@given(VALUES)
@settings(max_examples=100, deadline=None)
def test_values_come_back_as_they_went(value: object) -> None:
    assert parse_json(to_json(value)) == value
    assert to_json(value).isascii()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "Expecting value at line 1, column 1"),
        (b"{,}", "line 1, column 2"),
        (b"\xff", "not UTF-8 at byte 0"),
        (b'"\xed\xa0\x80"', "not UTF-8 at byte 1"),
        (b"NaN", "NaN"),
        (b"[-Infinity]", "-Infinity"),
        (b"1e999", "a number too large: 1e999"),
        (b"9" * 5000, "."),
        (b"[" * 1_000_000, "nested deeper than 100"),
        (b'{"a":' * 101 + b"1" + b"}" * 101, "nested deeper than 100"),
        (b'"\\' + b"[" * 300, "nested deeper than 100"),
        (b"1 2", "line 1, column 3"),
    ],
)
def test_what_is_refused(content: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_json(content)


def test_depth_counts_levels_and_not_brackets() -> None:
    assert len(parse_json(b"[" + b"[[]]," * 5000 + b"0]")) == 5001
    assert parse_json(b'["' + b"[{" * 5000 + b'\\"["]') == ["[{" * 5000 + '"[']
    deep = parse_json(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    assert to_json(deep) == b"[" * MAX_DEPTH + b"]" * MAX_DEPTH
