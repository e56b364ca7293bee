"""Times and text that a log or a terminal can take."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus.logs import escape, timestamp


@pytest.mark.parametrize("seconds", [0.0, 1_700_000_000.0, 1_700_000_000.5, 1_700_000_001.999])
def test_timestamps(seconds) -> None:
    moment = datetime.fromtimestamp(seconds, timezone.utc)
    expected = moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
    assert timestamp(seconds) == expected
    assert timestamp(seconds) == expected


@given(st.text())
def test_escaped_text_is_printable(text) -> None:
    assert escape(text).isprintable()
